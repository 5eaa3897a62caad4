/* dialer.h - a transport, and connections whose callbacks are written down. For the tests of the
 * transport layer; time-outs are generous and only end a test that has failed. */
#ifndef TESTS_SUPPORT_DIALER_H
#define TESTS_SUPPORT_DIALER_H

#include "transport/connection.h"

struct dialer {
    interim__transport transport;
    unsigned turns; /* of the loop, all in all */
};

/* A connection, and what its owner was told. */
struct call {
    interim__connection *connection;
    int opened;          /* how often */
    interim_error error; /* of opened, code 0: it is open */
    int ready;           /* how often */
    unsigned events;     /* of the calls of ready since they were last set to 0 */
    bool free_when_opened, free_when_ready;
    bool nameless; /* set it to be opened without `identify` */
};

void dialer_init(struct dialer *dialer, interim_engine engine, const char *ca_file);
void dialer_dispose(struct dialer *dialer);

/* What opened is called with, where it is not because that was known at once. */
const interim_error *dialer_failure(const interim__connection *connection);

/* Begins a call, which may be over already; fails the test when that does not work. */
void dialer_dial(struct dialer *dialer, struct call *call, bool tls, const char *host,
                 uint16_t port);

/* Turns the loop until opened was called; the error's code. */
int dialer_wait_opened(struct dialer *dialer, struct call *call);

/* Turns the loop until ready was called with one of events. False after two seconds. */
bool dialer_wait_ready(struct dialer *dialer, struct call *call, unsigned events);

/* Turns the loop for about that long. */
void dialer_idle(struct dialer *dialer, int ms);

/* Reads until something else than AGAIN: a number of bytes, END, BROKEN, ABRUPT. */
ptrdiff_t dialer_read(struct dialer *dialer, struct call *call, void *buffer, size_t size);

/* Reads to the end of the stream; how many bytes, and *end is END, BROKEN or ABRUPT. */
size_t dialer_read_all(struct dialer *dialer, struct call *call, char *buffer, size_t size,
                       ptrdiff_t *end);

/* Writes everything; false when it is BROKEN. */
bool dialer_write_all(struct dialer *dialer, struct call *call, const char *data, size_t size);

/* Makes a connection call this again, after others had it. */
void dialer_adopt(struct call *call);

void dialer_hang_up(struct call *call);

#endif
