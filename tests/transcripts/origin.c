/* origin.c - see origin.h. */
#include "origin.h"

#include "base/text.h"
#include "escapes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ORIGINS 2
#define PATIENCE_MS 20000
#define SETTLE_MS 3       /* for the client to read what was sent, before more comes */
#define BYTEWISE_MAX 1000 /* bytes sent one by one; the rest comes in parts */
#define PAUSE_DIVISOR 100
#define PAUSE_MAX_MS 20
#define OPEN_MAX_COUNT 64
#define ROOM 65536 /* for what is not read of a request: a large body does not fit */

static const char *const names[ORIGINS] = {"origin.test", "other.test"};

struct origin {
    const struct transcript *transcript;
    const struct cut *cut;
    char addresses[ORIGINS][32];
    pthread_t thread;
    atomic_bool stopped;
    atomic_int last; /* the connection of the last exchange, -1: it is not there yet */
    /* The thread's. */
    struct pollfd open[ORIGINS + OPEN_MAX_COUNT]; /* the listeners, then all connections; closed at
                                                     the end, so that numbers stay theirs */
    nfds_t open_count;
    struct pollfd *current; /* events are 0 when it cannot serve another exchange */
    bool current_is_new;
    interim__buffer wire; /* of this exchange */
    size_t head_size;     /* 0: not complete */
    size_t place;
    interim__buffer problems;
};

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void sleep_ms(int64_t ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static void listen_on(struct origin *origin, size_t i)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), room = ROOM;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) < 0 ||
        bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        fail("a listening socket on 127.0.0.1");
    origin->open[i] = (struct pollfd){fd, POLLIN, 0};
    snprintf(origin->addresses[i], sizeof origin->addresses[i], "127.0.0.1:%d",
             ntohs(address.sin_port));
}

/* ---- names and addresses ---- */

/* The first of the names in a text; NULL when there is none. */
static const char *find_first(const char *text, size_t length, const char *const from[],
                              size_t *which)
{
    const char *first = NULL;

    for (size_t i = 0; i < ORIGINS; i++) {
        const char *found = memmem(text, length, from[i], strlen(from[i]));

        if (found != NULL && (first == NULL || found < first)) {
            first = found;
            *which = i;
        }
    }
    return first;
}

static void replace(interim__buffer *out, const char *text, size_t length, const char *const from[],
                    const char *const to[])
{
    const char *end = text + length, *found;
    size_t i = 0;

    put(out, "", 0);
    while ((found = find_first(text, (size_t)(end - text), from, &i)) != NULL) {
        put(out, text, (size_t)(found - text));
        put_text(out, to[i]);
        text = found + strlen(from[i]);
    }
    put(out, text, (size_t)(end - text));
}

void origin_translate(void *origin, interim__buffer *out, const char *text, size_t length)
{
    const struct origin *known = origin;
    const char *const addresses[ORIGINS] = {known->addresses[0], known->addresses[1]};

    replace(out, text, length, names, addresses);
}

void origin_restore(const struct origin *origin, interim__buffer *text)
{
    const char *const addresses[ORIGINS] = {origin->addresses[0], origin->addresses[1]};
    interim__buffer restored = {0};

    replace(&restored, text->data, text->length, addresses, names);
    interim__buffer_dispose(text);
    *text = restored;
}

/* ---- connections ---- */

static bool wait_for(const struct origin *origin, struct pollfd *fds, nfds_t count)
{
    for (int waited = 0; waited < PATIENCE_MS && !origin->stopped; waited += 50) {
        int ready = poll(fds, count, 50);

        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
    return false;
}

/* It cannot serve another exchange; poll passes over it. */
static void end(struct pollfd *connection)
{
    connection->events = 0;
    connection->fd = ~connection->fd;
}

static int number_of(const struct pollfd *connection)
{
    return connection->fd < 0 ? ~connection->fd : connection->fd;
}

static void use(struct origin *origin, struct pollfd *connection, bool is_new)
{
    origin->current = connection;
    origin->current_is_new = is_new;
}

/* False: the origin has given up. */
static bool accept_one(struct origin *origin, int listener)
{
    int fd = accept(listener, NULL, NULL), on = 1;

    if (fd < 0 && errno == EINVAL)
        return false;
    if (fd < 0 || origin->open_count == ORIGINS + OPEN_MAX_COUNT)
        fail("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    origin->open[origin->open_count] = (struct pollfd){fd, POLLIN, 0};
    use(origin, &origin->open[origin->open_count++], true);
    return true;
}

/* Waits for the beginning of a request, on a connection that there is or on a new one. */
static bool find_connection(struct origin *origin)
{
    for (;;) {
        char byte;

        if (!wait_for(origin, origin->open, origin->open_count))
            return false;
        for (nfds_t i = ORIGINS; i < origin->open_count; i++) {
            if (origin->open[i].events == 0 || origin->open[i].revents == 0)
                continue;
            if (recv(origin->open[i].fd, &byte, 1, MSG_PEEK) == 1) {
                use(origin, &origin->open[i], false);
                return true;
            }
            end(&origin->open[i]);
        }
        for (size_t i = 0; i < ORIGINS; i++)
            if (origin->open[i].revents != 0)
                return accept_one(origin, origin->open[i].fd);
    }
}

/* Nothing comes as it should: the client is to notice. */
static void give_up(struct origin *origin)
{
    for (nfds_t i = 0; i < origin->open_count; i++)
        shutdown(number_of(&origin->open[i]), SHUT_RDWR);
}

/* ---- requests ---- */

static bool read_some(struct origin *origin, size_t limit)
{
    struct pollfd fd = {origin->current->fd, POLLIN, 0};
    char buffer[4096];
    ssize_t got;

    if (!wait_for(origin, &fd, 1))
        return false;
    got = recv(origin->current->fd, buffer, limit < sizeof buffer ? limit : sizeof buffer, 0);
    if (got <= 0)
        return false;
    put(&origin->wire, buffer, (size_t)got);
    return true;
}

static bool read_head(struct origin *origin)
{
    while (origin->head_size == 0) {
        const char *end;

        if (!read_some(origin, 1))
            return false;
        end = strstr(origin->wire.data, "\r\n\r\n");
        if (end != NULL)
            origin->head_size = (size_t)(end - origin->wire.data) + 4;
    }
    return true;
}

static bool read_behind_head(struct origin *origin, size_t wanted)
{
    while (origin->wire.length < origin->head_size + wanted)
        if (!read_some(origin, origin->head_size + wanted - origin->wire.length))
            return false;
    return true;
}

/* The value of a field of the head, or NULL. */
static const char *head_value(const struct origin *origin, const char *name)
{
    const char *line = origin->wire.data;

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) == 0)
            return line + strlen(name);
    }
    return NULL;
}

static bool read_all(struct origin *origin)
{
    const char *length = head_value(origin, "content-length: ");

    if (length != NULL)
        return read_behind_head(origin, strtoul(length, NULL, 10));
    if (head_value(origin, "transfer-encoding: ") == NULL)
        return true;
    while (origin->wire.length < origin->head_size + 5 ||
           memcmp(origin->wire.data + origin->wire.length - 5, "0\r\n\r\n", 5) != 0)
        if (!read_some(origin, 1))
            return false;
    return true;
}

/* ---- answers ---- */

static bool send_piece(struct origin *origin, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(origin->current->fd, bytes, size, MSG_NOSIGNAL);

        if (sent < 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool send_bytes(struct origin *origin, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t piece = cut_next(origin->cut, origin->place, size);

        if (origin->cut->kind == CUT_BYTES && origin->place > BYTEWISE_MAX)
            piece = size < BYTEWISE_MAX ? size : BYTEWISE_MAX;
        if (!send_piece(origin, bytes, piece))
            return false;
        bytes += piece;
        size -= piece;
        origin->place += piece;
        if (origin->cut->kind == CUT_SPLIT && size > 0 && origin->place == origin->cut->at)
            sleep_ms(SETTLE_MS);
    }
    return true;
}

static void reset(struct origin *origin)
{
    struct linger linger = {1, 0};

    sleep_ms(SETTLE_MS);
    setsockopt(origin->current->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    /* The number stays taken: another descriptor takes the place of the socket. */
    if (dup2(origin->open[0].fd, origin->current->fd) < 0)
        fail("dup2");
    end(origin->current);
}

static void hold(struct origin *origin)
{
    while (read_some(origin, SIZE_MAX))
        continue;
    end(origin->current);
}

/* False when the client has gone, or the rest cannot be played. */
static bool act(struct origin *origin, const struct action *action, const char *bytes, size_t size)
{
    switch (action->kind) {
    case ACTION_READ:
        if (!read_head(origin))
            return false;
        return action->number == READ_ALL ? read_all(origin)
                                          : read_behind_head(origin, (size_t)action->number);
    case ACTION_BYTES:
        return send_bytes(origin, bytes, size);
    case ACTION_PAUSE:
        sleep_ms(action->number / PAUSE_DIVISOR < PAUSE_MAX_MS ? action->number / PAUSE_DIVISOR
                                                               : PAUSE_MAX_MS);
        return true;
    case ACTION_EOF:
        shutdown(origin->current->fd, SHUT_WR);
        end(origin->current);
        return true;
    case ACTION_RESET:
        reset(origin);
        return true;
    default:
        hold(origin);
        return true;
    }
}

/* The bytes of one action, with addresses in them, must not be cut elsewhere than those of others:
 * places are counted in what is sent. */
static void play_exchange(struct origin *origin, const struct served *served, size_t number)
{
    const char *bytes = served->bytes.data;

    origin->wire.length = origin->head_size = 0;
    put(&origin->wire, "", 0);
    if (!find_connection(origin)) {
        put_format(&origin->problems, "request %zu did not come\n", number);
        give_up(origin);
        return;
    }
    for (size_t i = 0; i < served->action_count && origin->current->events != 0; i++) {
        const struct action *action = &served->actions[i];
        size_t size = action->kind == ACTION_BYTES ? (size_t)action->number : 0;
        interim__buffer translated = {0};
        bool good;

        origin_translate(origin, &translated, bytes, size);
        good = act(origin, action, translated.data, translated.length);
        interim__buffer_dispose(&translated);
        bytes += size;
        if (!good)
            end(origin->current);
    }
}

static void check(struct origin *origin, const struct served *served, size_t number)
{
    const char *asked = served->asked.data;

    origin_restore(origin, &origin->wire);
    transcript_check_request(served, number, origin->wire.data, origin->wire.length,
                             &origin->problems);
    if (asked != NULL && strstr(asked, origin->current_is_new ? "@same\n" : "@new\n") != NULL)
        put_format(&origin->problems, "request %zu: it was on %s connection\n", number,
                   origin->current_is_new ? "a new" : "the same");
}

static void *run(void *user)
{
    struct origin *origin = user;

    for (size_t i = 0; i < origin->transcript->exchange_count; i++) {
        play_exchange(origin, &origin->transcript->exchanges[i], i + 1);
        check(origin, &origin->transcript->exchanges[i], i + 1);
    }
    if (origin->current != NULL && origin->current->events != 0)
        origin->last = origin->current->fd;
    return NULL;
}

struct origin *origin_start(const struct transcript *transcript, const struct cut *cut)
{
    struct origin *origin = calloc(1, sizeof *origin);

    if (origin == NULL)
        fail("origin");
    origin->transcript = transcript;
    origin->cut = cut;
    origin->open_count = ORIGINS;
    origin->last = -1;
    for (size_t i = 0; i < ORIGINS; i++)
        listen_on(origin, i);
    if (pthread_create(&origin->thread, NULL, run, origin) != 0)
        fail("a thread");
    return origin;
}

/* Whether a connection has ended, behind what was never read of the request. */
static bool has_ended(int number)
{
    static char rest[65536];
    struct pollfd fd = {number, POLLIN, 0};
    ssize_t got;

    while ((got = recv(number, rest, sizeof rest, MSG_DONTWAIT)) > 0)
        if (poll(&fd, 1, 1000) <= 0)
            break;
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

bool origin_was_left(struct origin *origin)
{
    /* What the thread had to do is done, or the client has gone. */
    pthread_join(origin->thread, NULL);
    origin->stopped = true;
    return origin->last < 0 || has_ended(origin->last);
}

void origin_stop(struct origin *origin, interim__buffer *problems)
{
    if (!origin->stopped) {
        origin->stopped = true;
        pthread_join(origin->thread, NULL);
    }
    for (nfds_t i = 0; i < origin->open_count; i++)
        close(number_of(&origin->open[i]));
    if (origin->problems.length > 0)
        put(problems, origin->problems.data, origin->problems.length);
    interim__buffer_dispose(&origin->problems);
    interim__buffer_dispose(&origin->wire);
    free(origin);
}
