/* connection_bytes.c - reading and writing on a connection, and the rare things that are done once
 * a second. See connection.h and connection_parts.h. */
#include "transport/connection_parts.h"

#include "base/error.h"
#include "transport/want.h"

#include <errno.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define QUICK 16 /* reads and writes a second */

static ptrdiff_t report_socket(interim__connection *connection, interim_stage stage,
                               const char *what)
{
    int problem = connection->socket->problem, want = interim__want_code(problem);
    char buffer[64];

    if (!interim__connection_can_tell(connection))
        return INTERIM__BROKEN;
    if (connection->error->code == 0)
        connection->error->os_error = problem;
    interim__error_set(connection->error, want == 0 ? INTERIM_EDISCONNECTED : want, stage,
                       "%s %s: %s%s", what, interim__connection_peer(connection),
                       interim__address_problem(problem, buffer, sizeof buffer),
                       want == 0 ? "" : interim__want_hint(problem));
    return INTERIM__BROKEN;
}

ptrdiff_t interim__connection_read_plain(interim__connection *connection, void *buffer, size_t size)
{
    ptrdiff_t got = interim__socket_receive(connection->socket, buffer, size);

    if (got > 0)
        return got;
    if (got == 0)
        return INTERIM__END;
    if (errno == EAGAIN)
        return INTERIM__AGAIN;
    return report_socket(connection, INTERIM_STAGE_HEAD, "read from");
}

ptrdiff_t interim__connection_write_plain(interim__connection *connection, const void *data,
                                          size_t size)
{
    ptrdiff_t sent = interim__socket_send(connection->socket, data, size);

    if (sent >= 0)
        return sent;
    if (errno == EAGAIN)
        return INTERIM__AGAIN;
    return report_socket(connection, INTERIM_STAGE_SEND, "write to");
}

void interim__connection_deliver(interim__connection *connection, unsigned events)
{
    unsigned possible = 0;

    if (connection->read_needs & events) {
        connection->read_needs = 0;
        possible |= INTERIM__READ;
    }
    if (connection->write_needs & events) {
        connection->write_needs = 0;
        possible |= INTERIM__WRITE;
    }
    if (possible != 0 && connection->owner.ready != NULL)
        connection->owner.ready(connection->owner.user, possible);
}

/* False: there is no memory for a timer. */
bool interim__connection_watch_time(interim__connection *connection)
{
    connection->moves = 0;
    return interim__timer_set(connection->transport->loop, &connection->timer,
                              interim__loop_now(connection->transport->loop) + SECOND_NS) == 0;
}

/* Five system calls keep it alive, and TLS has up to 32 KiB of buffers: the ones are for
 * connections that last, the others for those that are quick. */
void interim__connection_second_passed(interim__timer *timer)
{
    interim__connection *connection = (interim__connection *)(void *)timer;

    if (!connection->kept_alive)
        interim__socket_keep_alive(connection->socket);
    connection->kept_alive = true;
    if (connection->session == NULL)
        return;
    interim__connection_tls(connection)
        ->keep_buffers(connection->session, connection->moves >= QUICK);
    if (connection->moves > 0 && !interim__connection_watch_time(connection))
        interim__connection_tls(connection)->keep_buffers(connection->session, false);
}

/* Under TLS the time is watched while there is something to watch. */
static void moved(interim__connection *connection)
{
    if (connection->session == NULL)
        return;
    if (connection->timer.deadline == INTERIM__NEVER && !interim__connection_watch_time(connection))
        interim__connection_tls(connection)->keep_buffers(connection->session, false);
    if (connection->moves < QUICK)
        connection->moves++;
}

/* Whether all that there was has been taken; under TLS only a read tells. */
static bool is_drained(const interim__connection *connection)
{
    return connection->session == NULL && !(connection->socket->watch.possible & INTERIM__READ);
}

ptrdiff_t interim__connection_read(interim__connection *connection, void *buffer, size_t size)
{
    unsigned want = INTERIM__READ;
    ptrdiff_t got;

    if (connection->read_end != 0)
        return connection->read_end;
    if (connection->read_needs != 0 && is_drained(connection))
        return INTERIM__AGAIN;
    if (connection->session == NULL)
        got = interim__connection_read_plain(connection, buffer, size);
    else
        got = interim__connection_tls(connection)
                  ->read(connection->session, buffer, size, &want, connection->error);
    if (got < 0)
        connection->read_end = (signed char)got;
    else if (got > 0)
        moved(connection);
    /* What comes after the last of the bytes that are there is waited for already. */
    connection->read_needs =
        got == INTERIM__AGAIN || is_drained(connection) ? (unsigned char)want : 0;
    interim__connection_wait(connection);
    return got;
}

ptrdiff_t interim__connection_write(interim__connection *connection, const void *data, size_t size)
{
    unsigned want = INTERIM__WRITE;
    ptrdiff_t sent;

    if (connection->write_end != 0)
        return connection->write_end;
    if (connection->session == NULL)
        sent = interim__connection_write_plain(connection, data, size);
    else
        sent = interim__connection_tls(connection)
                   ->write(connection->session, data, size, &want, connection->error);
    connection->write_needs = sent == INTERIM__AGAIN ? (unsigned char)want : 0;
    if (sent < 0)
        connection->write_end = (signed char)sent;
    else if (sent > 0)
        moved(connection);
    interim__connection_wait(connection);
    return sent;
}

ptrdiff_t interim__connection_write_file(interim__connection *connection, int fd, int64_t offset,
                                         int64_t size)
{
    ptrdiff_t sent;

    if (connection->session != NULL || connection->write_end != 0)
        return INTERIM__UNABLE;
    sent = interim__socket_send_file(connection->socket, fd, offset, size);
    if (sent == 0 || (sent < 0 && errno != EAGAIN))
        return INTERIM__UNABLE;
    if (sent < 0)
        sent = INTERIM__AGAIN;
    connection->write_needs = sent == INTERIM__AGAIN ? INTERIM__WRITE : 0;
    interim__connection_wait(connection);
    return sent;
}

interim__watch *interim__connection_watch(const interim__connection *connection)
{
    if (connection->race != NULL)
        return interim__race_watch(connection->race);
    return connection->socket == NULL ? NULL : &connection->socket->watch;
}

bool interim__connection_await(interim__connection *connection)
{
    return connection->state == OPEN && connection->read_end == 0 &&
           connection->read_needs == INTERIM__READ && connection->write_needs == 0 &&
           interim__socket_await(connection->socket);
}

void interim__connection_again(interim__connection *connection)
{
    if (connection->state != OPEN)
        return;
    connection->read_needs |= INTERIM__READ;
    interim__watch_again(connection->transport->loop, &connection->socket->watch, INTERIM__READ);
}

bool interim__connection_is_clean(interim__connection *connection)
{
    char byte;

    if (connection->state != OPEN || connection->write_needs != 0)
        return false;
    /* What the loop has not been told yet counts too: ask the system itself. */
    connection->socket->watch.possible |= INTERIM__READ;
    return interim__connection_read(connection, &byte, 1) == INTERIM__AGAIN;
}
