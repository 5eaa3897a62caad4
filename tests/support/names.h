/* names.h - a stand-in for getaddrinfo, for tests that must not depend on the network or that need
 * an answer to come late. It replaces the function of the C library in the whole program; names
 * that no test added are looked up for real. */
#ifndef TESTS_SUPPORT_NAMES_H
#define TESTS_SUPPORT_NAMES_H

#include <stdbool.h>

/* Forgets all names. Let all lookups end first. */
void names_reset(void);

/* host has these addresses (literals with blanks between), or, if error is not 0, fails with that
 * EAI_*. held: the answer waits for names_release. host is borrowed until names_reset. */
void names_add(const char *host, const char *addresses, int error, bool held);

/* host fails with that EAI_*, and leaves os_error in errno. */
void names_add_failure(const char *host, int error, int os_error);

/* host has that many addresses of each family: 2001:db8::1 and so on, then 192.0.0.1 and so on. */
void names_add_crowd(const char *host, int six, int four);

/* Lets all held answers go, now and from now on. */
void names_release(void);

/* How many lookups of added names began; waits until there were at least that many. */
int names_asked(void);
void names_wait_asked(int count);

/* How many lookups of any name, or of an address, began; and the ai_flags of the last one. */
int names_calls(void);
int names_flags(void);

/* Whether the last lookup of an added name ran on a thread that blocks SIGTERM and SIGALRM. */
bool names_signals_blocked(void);

/* Waits until no lookup of an added name is under way. */
void names_wait_idle(void);

#endif
