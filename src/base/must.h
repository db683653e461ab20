/* base/must.h -- compiler attributes and the check that is always compiled in. */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#define must_check __attribute__((warn_unused_result))
#define OWNED(end) __attribute__((cleanup(end)))
#define UNUSED __attribute__((unused))

_Noreturn void must_fail(const char *cond, const char *file, int line);

/* A broken assumption is a bug, not an error: say where, and stop the process before it does harm. */
#define must(cond) ((cond) ? (void)0 : must_fail(#cond, __FILE__, __LINE__))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
