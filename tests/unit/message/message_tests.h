/* The groups of message_test; each file is one. */
#ifndef MESSAGE_TESTS_H
#define MESSAGE_TESTS_H

int letter_tests(void);
int queue_tests(void);
int send_tests(void);
int pace_tests(void);

#endif
