/* The groups of vault_test and of vault_thread_test; each file is one. */
#ifndef VAULT_TESTS_H
#define VAULT_TESTS_H

int record_tests(void);
int change_tests(void);
int suppress_tests(void);
int registry_tests(void);
int coverage_tests(void);
int clock_tests(void);
int taken_tests(void);
int outbox_tests(void);
int bury_tests(void);
int replay_tests(void);
int token_tests(void);
int choices_tests(void);

int thread_tests(void);
int rotate_tests(void);
int outbox_thread_tests(void);

#endif
