/* store/fault.h -- named points at which a test build can be told to die: VALV_TEST_KILL names one
 * ("between-commits" or "between-commits:7" for the seventh time).  Nothing in a release. */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#ifdef VALV_TEST
void fault_point(const char *name);
#else
#define fault_point(name) ((void)0)
#endif

#endif
