/* race.c - see race.h.
 *
 * The first attempt is begun before there is a race: on this machine, and in the same room, that is
 * the end of it. Attempts before `next` have been started; `pending` of them have a socket. The
 * race is lost when none is pending and none is left. The timer starts the next attempt, and also
 * reports a race that was lost before interim__race_start returned. */
#include "transport/race.h"

#include "base/error.h"
#include "transport/want.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_NS INT64_C(20000000) /* before a full queue is tried again */

struct attempt {
    interim__race *race;
    interim__socket *socket; /* NULL: not started, or failed */
    interim__address address;
};

struct interim__race {
    interim__timer timer; /* first: the timer is the race */
    interim__loop *loop;
    interim__race_fn done;
    void *user;
    const char *host;
    uint16_t port;
    interim__local local; /* where it starts from, if it is bound */
    int64_t delay_ns;
    int problem; /* the most telling errno so far, negative: it is about local, 0: none */
    int early;   /* what came of the first attempt before there was a race */
    bool bound;
    size_t count, next, pending;
    struct attempt attempts[];
};

/* How much an errno tells about why there is no connection. First comes what kept us from asking at
 * all, then answers of the host, then of the network; an address family that this machine does not
 * have comes last, since every other address would have done. */
static int weight(int problem)
{
    switch (problem) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:
        return 9;
    case ECONNREFUSED:
        return 8;
    case ECONNRESET:
    case ECONNABORTED:
        return 7;
    case ETIMEDOUT:
        return 6;
    case EHOSTUNREACH:
        return 5;
    case ENETUNREACH:
        return 3;
    case EADDRNOTAVAIL:
        return 2;
    case EAFNOSUPPORT:
        return 1;
    default:
        return 4;
    }
}

static int code_of(int problem);

static void note(interim__race *race, struct attempt *attempt, int problem)
{
    /* What went wrong here says nothing about an address. */
    if (code_of(problem) == INTERIM_ECONNECT)
        attempt->address.standing = INTERIM__STANDING_BAD;
    if (race->problem == 0 || weight(abs(problem)) > weight(abs(race->problem)))
        race->problem = problem;
}

static bool is_unix(const interim__race *race)
{
    return race->attempts[0].address.storage.ss_family == AF_UNIX;
}

/* What to do about it, where that is not plain. */
static const char *hint(const interim__race *race)
{
    switch (race->problem) {
    case -EADDRNOTAVAIL:
        return " (no interface of this machine has that address)";
    case -EAFNOSUPPORT:
        return " (the other side has no address of that family)";
    case -ENODEV:
        return " (no interface of this machine is called that)";
    case -EPERM:
        return " (to choose an interface may need CAP_NET_RAW)";
    case ECONNREFUSED:
        return is_unix(race) ? " (nobody listens there, or it is no socket)" : "";
    case EACCES:
        return is_unix(race) ? " (it takes the right to write to it)" : "";
    case EPROTOTYPE:
        return " (it is not a stream socket)";
    case EAGAIN: /* of a Unix-domain socket's queue, or of routes */
        return "";
    default:
        return interim__want_hint(race->problem);
    }
}

static int code_of(int problem)
{
    int want = interim__want_code(problem == -ENOMEM ? ENOMEM : problem);

    if (want != 0)
        return want;
    return problem > 0 || problem == -EAFNOSUPPORT ? INTERIM_ECONNECT : INTERIM_ESYSTEM;
}

/* Of a long path the end tells more. */
static void name_socket(const interim__address *address, char *out, size_t size)
{
    char whole[INTERIM__ADDRESS_TEXT];
    size_t length;

    interim__address_text(address, whole, sizeof whole);
    length = strlen(whole);
    if (length < size)
        strcpy(out, whole);
    else
        snprintf(out, size, "unix:...%s", whole + length - (size - sizeof "unix:..."));
}

static void describe(const interim__race *race, interim_error *error)
{
    char where[INTERIM__ADDRESS_TEXT], tried[40] = "", buffer[64], from[64] = "";

    if (race->count > 1)
        snprintf(tried, sizeof tried, " (%zu addresses tried)", race->count);
    if (race->problem < 0)
        snprintf(from, sizeof from, " from %.50s", race->local.text);
    if (is_unix(race))
        name_socket(&race->attempts[0].address, where, 72);
    else
        interim__address_authority(race->host, race->port, where, sizeof where);
    interim__error_set(error, code_of(race->problem), INTERIM_STAGE_CONNECT,
                       "connect to %s%s%s: %s%s", where, from, tried,
                       interim__address_problem(abs(race->problem), buffer, sizeof buffer),
                       hint(race));
    error->os_error = abs(race->problem);
}

static void lose(interim__race *race)
{
    interim_error error;

    interim__error_init(&error);
    describe(race, &error);
    race->done(race->user, NULL, NULL, &error);
}

static void attempt_ready(void *user, unsigned events);

/* Until whoever opens the connection has no patience any more. */
static bool ask_later(interim__race *race)
{
    if (interim__timer_set(race->loop, &race->timer, interim__loop_monotonic_ns() + QUEUE_NS) < 0)
        return false;
    race->next--;
    return true;
}

/* Starts the next attempt that can be started, and the timer for the one after it. False: the race
 * is lost. */
static bool advance(interim__race *race)
{
    bool started = false;

    while (race->next < race->count && !started) {
        struct attempt *attempt = &race->attempts[race->next++];
        int problem = race->early;

        race->early = 0;
        if (problem == 0 && attempt->socket == NULL)
            problem =
                interim__socket_connect(&attempt->socket, race->loop, &attempt->address,
                                        race->bound ? &race->local : NULL, attempt_ready, attempt);
        if (problem == EAGAIN && is_unix(race) && ask_later(race))
            return true;
        if (problem != 0) {
            note(race, attempt, problem);
            continue;
        }
        race->pending++;
        started = true;
        /* Without memory for the timer nobody gets a head start. */
        if (race->next < race->count &&
            interim__timer_set(race->loop, &race->timer,
                               interim__loop_monotonic_ns() + race->delay_ns) < 0)
            started = false;
    }
    return race->pending > 0;
}

static void timer_due(interim__timer *timer)
{
    interim__race *race = (interim__race *)(void *)timer;

    if (!advance(race))
        lose(race);
}

static void attempt_ready(void *user, unsigned events)
{
    struct attempt *attempt = user;
    interim__race *race = attempt->race;
    interim__socket *socket = attempt->socket;
    int problem = interim__socket_finish(socket, race->loop, &attempt->address);

    (void)events;
    if (problem == EINPROGRESS)
        return;
    attempt->socket = NULL;
    race->pending--;
    if (problem == 0) {
        attempt->address.standing = INTERIM__STANDING_GOOD;
        race->done(race->user, socket, &attempt->address, NULL);
        return;
    }
    interim__socket_free(socket, race->loop);
    note(race, attempt, problem);
    if (!advance(race))
        lose(race);
}

/* Better is less. */
static int rank(const interim__address *address)
{
    switch (address->standing) {
    case INTERIM__STANDING_GOOD:
        return 0;
    case INTERIM__STANDING_BAD:
        return 2;
    default:
        return 1;
    }
}

/* Of those of the best rank that are left the first of another family than the one before, or else
 * the first. */
static size_t choose(const interim__address *addresses, size_t count, uint32_t left,
                     const interim__address *before)
{
    size_t best = count;
    bool best_turns = false;

    for (size_t i = 0; i < count; i++) {
        bool turns = before == NULL || addresses[i].storage.ss_family != before->storage.ss_family;
        int more = best == count ? 1 : rank(&addresses[best]) - rank(&addresses[i]);

        if ((left >> i & 1) == 0 || more < 0 || (more == 0 && (best_turns || !turns)))
            continue;
        best = i;
        best_turns = turns;
    }
    return best;
}

void interim__race_order(size_t *order, const interim__address *addresses, size_t count)
{
    uint32_t left = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        order[i] = choose(addresses, count, left, i == 0 ? NULL : &addresses[order[i - 1]]);
        left &= ~(UINT32_C(1) << order[i]);
    }
}

/* What is known of addresses was found out by way of another interface, perhaps, where one is
 * chosen (RFC 8305 section 4). */
static interim__address fit(const interim__race_terms *terms, size_t i)
{
    interim__address address = terms->addresses[i];

    if (terms->local != NULL)
        address.standing = INTERIM__STANDING_UNKNOWN;
    interim__address_set_port(&address, terms->port);
    return address;
}

/* The order in which they are tried. */
static void line_up(size_t *order, const interim__race_terms *terms, size_t count)
{
    interim__address strangers[INTERIM__RACE_MOST];

    for (size_t i = 0; i < count && terms->local != NULL; i++)
        strangers[i] = fit(terms, i);
    interim__race_order(order, terms->local != NULL ? strangers : terms->addresses, count);
}

/* NULL: out of memory. */
static interim__race *race_new(const interim__race_terms *terms, const size_t *order, size_t count)
{
    interim__race *race = malloc(sizeof *race + count * sizeof(struct attempt));

    if (race == NULL)
        return NULL;
    *race = (interim__race){
        .bound = terms->local != NULL,
        .host = terms->host,
        .port = terms->port,
        .delay_ns =
            terms->delay_ns == 0 ? INTERIM__RACE_DELAY_MS * INT64_C(1000000) : terms->delay_ns,
        .count = count,
    };
    if (race->bound)
        race->local = *terms->local;
    for (size_t i = 0; i < count; i++)
        race->attempts[i] = (struct attempt){.race = race, .address = fit(terms, order[i])};
    interim__timer_init(&race->timer, timer_due);
    return race;
}

int interim__race_start(interim__race **out, interim__loop *loop, const interim__race_terms *terms,
                        interim__race_fn done, void *user, interim__socket **winner,
                        interim__address *address)
{
    size_t count = terms->count < INTERIM__RACE_MOST ? terms->count : INTERIM__RACE_MOST;
    size_t order[INTERIM__RACE_MOST];
    interim__race *race;
    int early;

    *out = NULL;
    line_up(order, terms, count);
    *address = fit(terms, order[0]);
    early = interim__socket_connect(winner, loop, address, terms->local, attempt_ready, NULL);
    if (early == 0 && interim__socket_is_connected(*winner)) {
        address->standing = INTERIM__STANDING_GOOD;
        return 1;
    }
    race = race_new(terms, order, count);
    if (race == NULL) {
        interim__socket_free(*winner, loop);
        return INTERIM_ENOMEM;
    }
    race->loop = loop;
    race->done = done;
    race->user = user;
    race->early = early;
    race->attempts[0].socket = *winner;
    if (*winner != NULL)
        (*winner)->user = &race->attempts[0];
    if (!advance(race) && interim__timer_set(loop, &race->timer, 0) < 0) {
        free(race);
        return INTERIM_ENOMEM;
    }
    *out = race;
    return 0;
}

const interim__address *interim__race_tried(const interim__race *race, size_t i)
{
    return i < race->next ? &race->attempts[i].address : NULL;
}

bool interim__race_is_spent(const interim__race *race)
{
    return race->next == race->count;
}

interim__watch *interim__race_watch(const interim__race *race)
{
    interim__watch *watch = NULL;

    for (size_t i = 0; race->pending == 1 && i < race->next; i++)
        if (race->attempts[i].socket != NULL)
            watch = &race->attempts[i].socket->watch;
    return watch;
}

void interim__race_free(interim__race *race)
{
    if (race == NULL)
        return;
    interim__timer_set(race->loop, &race->timer, INTERIM__NEVER);
    for (size_t i = 0; i < race->next; i++)
        interim__socket_free(race->attempts[i].socket, race->loop);
    free(race);
}
