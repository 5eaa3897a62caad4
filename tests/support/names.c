/* names.c - see names.h. */
#include "support/names.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 512

typedef int (*getaddrinfo_fn)(const char *host, const char *port, const struct addrinfo *hints,
                              struct addrinfo **found);

static struct name {
    const char *host;
    char addresses[256];
    int error, os_error;
    bool held;
    int six, four; /* of a crowd */
} names[MOST];
static int count, asked, busy, calls, flags;
static bool released, blocked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void names_reset(void)
{
    pthread_mutex_lock(&lock);
    count = asked = calls = 0;
    released = false;
    pthread_mutex_unlock(&lock);
}

void names_add(const char *host, const char *addresses, int error, bool held)
{
    struct name *added;

    pthread_mutex_lock(&lock);
    if (count == MOST)
        abort();
    added = &names[count++];
    added->host = host;
    snprintf(added->addresses, sizeof added->addresses, "%s", addresses);
    added->error = error;
    added->os_error = error == EAI_SYSTEM ? EMFILE : 0;
    added->held = held;
    added->six = added->four = 0;
    pthread_mutex_unlock(&lock);
}

void names_add_failure(const char *host, int error, int os_error)
{
    names_add(host, "", error, false);
    pthread_mutex_lock(&lock);
    names[count - 1].os_error = os_error;
    pthread_mutex_unlock(&lock);
}

void names_add_crowd(const char *host, int six, int four)
{
    names_add(host, "", 0, false);
    pthread_mutex_lock(&lock);
    names[count - 1].six = six;
    names[count - 1].four = four;
    pthread_mutex_unlock(&lock);
}

void names_release(void)
{
    pthread_mutex_lock(&lock);
    released = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

int names_asked(void)
{
    int result;

    pthread_mutex_lock(&lock);
    result = asked;
    pthread_mutex_unlock(&lock);
    return result;
}

int names_calls(void)
{
    int result;

    pthread_mutex_lock(&lock);
    result = calls;
    pthread_mutex_unlock(&lock);
    return result;
}

int names_flags(void)
{
    int result;

    pthread_mutex_lock(&lock);
    result = flags;
    pthread_mutex_unlock(&lock);
    return result;
}

bool names_signals_blocked(void)
{
    bool result;

    pthread_mutex_lock(&lock);
    result = blocked;
    pthread_mutex_unlock(&lock);
    return result;
}

void names_wait_asked(int wanted)
{
    pthread_mutex_lock(&lock);
    while (asked < wanted)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void names_wait_idle(void)
{
    pthread_mutex_lock(&lock);
    while (busy > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* Waits for the answer of a name that was added; false when it was not. */
static bool scripted(struct name *out, const char *host)
{
    bool found = false;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < count && !found; i++)
        if (strcmp(names[i].host, host) == 0) {
            *out = names[i];
            found = true;
        }
    if (found) {
        sigset_t mask;

        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGALRM) == 1;
        asked++;
        busy++;
        pthread_cond_broadcast(&changed);
        while (out->held && !released)
            pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* Appends the addresses that a literal has, which is one. */
static int append(getaddrinfo_fn real, const char *literal, const char *port,
                  const struct addrinfo *hints, struct addrinfo ***end)
{
    struct addrinfo numeric = *hints;
    int status;

    numeric.ai_flags = AI_NUMERICHOST;
    status = real(literal, port, &numeric, *end);
    while (status == 0 && **end != NULL)
        *end = &(**end)->ai_next;
    return status;
}

static int answer(getaddrinfo_fn real, struct name *name, const char *port,
                  const struct addrinfo *hints, struct addrinfo **found)
{
    struct addrinfo **end = found;
    char *rest = NULL, literal[40];
    int status = 0;

    if (name->error != 0) {
        errno = name->os_error;
        return name->error;
    }
    *found = NULL;
    for (char *at = strtok_r(name->addresses, " ", &rest); at != NULL && status == 0;
         at = strtok_r(NULL, " ", &rest))
        status = append(real, at, port, hints, &end);
    for (int i = 1; i <= name->six && status == 0; i++) {
        snprintf(literal, sizeof literal, "2001:db8::%x", (unsigned)i);
        status = append(real, literal, port, hints, &end);
    }
    for (int i = 1; i <= name->four && status == 0; i++) {
        snprintf(literal, sizeof literal, "192.0.%d.%d", i / 250, i % 250);
        status = append(real, literal, port, hints, &end);
    }
    return status;
}

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **found)
{
    getaddrinfo_fn real;
    struct name name;
    int status;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    pthread_mutex_lock(&lock);
    calls++;
    flags = hints->ai_flags;
    pthread_mutex_unlock(&lock);
    if (host == NULL || !scripted(&name, host))
        return real(host, port, hints, found);
    status = answer(real, &name, port, hints, found);
    pthread_mutex_lock(&lock);
    busy--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return status;
}
