/* Who may call what from where: every callback, with everything that may be called in it, for the
 * operation itself and for others that are in flight. Each pair of both is a test of its own. What
 * must hold whatever was done: each on_done comes exactly once, operations end, and nothing of
 * another one is touched. Sanitizers and valgrind see the rest. */
#include "suites.h"
#include "support/server.h"

#include <interim.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define OTHERS 3 /* one that waits for an answer, one in line, one that was only just started */
#define ALL 12   /* with those that callbacks start */

/* ---- Places from which a callback calls ---- */

enum place {
    IN_START,
    IN_QUEUED,
    IN_CONNECTED,
    IN_SENT,
    IN_INTERIM_EVENT,
    IN_RESPONSE,
    IN_ACCEPTED_EVENT,
    IN_WAITING,
    IN_POLL_EVENT,
    IN_RETRY,
    IN_END,
    IN_ON_INTERIM,
    IN_READER,
    IN_ON_BODY,
    IN_ON_POLL,
    IN_ON_ACCEPTED,
    IN_CHALLENGE,
    IN_ON_DONE,
    IN_ON_DONE_OF_ANOTHER,
    PLACES
};

static const char *const place_names[PLACES] = {
    "start",   "queued",      "connected", "sent",    "interim",           "response", "accepted",
    "waiting", "poll",        "retry",     "end",     "on_interim",        "reader",   "on_body",
    "on_poll", "on_accepted", "challenge", "on_done", "on_done of another"};

/* ---- What is called there ---- */

enum deed {
    NOTHING,
    STOP, /* what the callback returns says so, where it can */
    CANCEL,
    CANCEL_TWICE,
    CANCEL_OTHERS,
    CANCEL_ALL,
    CANCEL_JOB,
    RESUME,
    START,
    START_AND_CANCEL,
    FREE_REQUEST,
    CHANGE_REQUEST,
    LOOK,
    PERFORM_AND_RUN,
    SETTLE_AND_CANCEL,
    WAKE,
    DEEDS
};

static const char *const deed_names[DEEDS] = {
    "nothing",      "stop",           "cancel", "cancel twice",    "cancel others",
    "cancel all",   "cancel job",     "resume", "start",           "start and cancel",
    "free request", "change request", "look",   "perform and run", "settle and cancel",
    "wake"};

static struct {
    enum place place;
    enum deed deed;
    bool done; /* the deed was done */
    bool freed;
    interim_client *client;
    interim_request *request, *other;
    interim_operation *operation;      /* NULL: it is over, or has no name yet */
    interim_operation *others[OTHERS]; /* likewise */
    bool cancelled[OTHERS];
    unsigned more, dones[ALL];
    bool started[ALL];
    interim_outcome outcomes[ALL];
    unsigned settled, settlings;
    size_t left; /* of the body */
} world;

static struct server *server, *silent;

static void on_done(interim_operation *operation, interim_result *result, void *user);

static void settled(interim_settling *settling, interim_settlement *settlement, void *user)
{
    (void)settling, (void)user;
    world.settled++;
    interim_settlement_free(settlement);
}

/* Number 0 is the operation itself, then the others, then those of callbacks. */
static void start_as(size_t number, interim_operation **out, interim_request *request)
{
    ck_assert_uint_lt(number, ALL);
    world.started[number] = true;
    ck_assert_int_eq(interim_start(out, world.client, request, on_done, (void *)(uintptr_t)number),
                     0);
}

static void start_more(interim_operation **out)
{
    start_as(OTHERS + ++world.more, out, world.other);
}

static void cancel_others(void)
{
    for (size_t i = 0; i < OTHERS; i++)
        if (world.others[i] != NULL) {
            interim_operation_cancel(world.others[i]);
            world.cancelled[i] = true;
        }
}

static void cancel_itself(void)
{
    if (world.operation != NULL)
        interim_operation_cancel(world.operation);
}

static void look_at(const interim_operation *operation)
{
    char token[4096];

    if (operation == NULL)
        return;
    ck_assert_int_ge(interim_operation_status(operation), 0);
    ck_assert_int_ge(interim_operation_silence_ms(operation), 0);
    ck_assert_int_ge(interim_operation_is_queued(operation), 0);
    ck_assert_int_ge(interim_operation_token(operation, token, sizeof token), 0);
}

static void change_request(void)
{
    bool over = world.place == IN_ON_DONE;

    ck_assert_int_eq(interim_request_add_header(world.request, "X-New", "1"),
                     over ? 0 : INTERIM_EBUSY);
    ck_assert_int_eq(interim_request_on_event(world.request, NULL, NULL), over ? 0 : INTERIM_EBUSY);
}

static void settle_and_cancel(void)
{
    interim_settling *settling;
    interim_request *lost;

    ck_assert_int_eq(interim_request_new(&lost, "DELETE", interim_request_url(world.other)), 0);
    ck_assert_int_eq(interim_settle_start(&settling, world.client, lost, NULL, settled, NULL), 0);
    world.settlings++;
    interim_settling_cancel(settling);
    interim_request_free(lost);
}

static void must_be_busy(void)
{
    interim_settlement *settlement;
    interim_result *result;

    ck_assert_int_eq(interim_perform(&result, world.client, world.other), INTERIM_EBUSY);
    ck_assert_ptr_null(result);
    ck_assert_int_eq(interim_settle(&settlement, world.client, world.other, NULL), INTERIM_EBUSY);
    ck_assert_int_eq(interim_client_run(world.client, -1), INTERIM_EBUSY);
}

static void free_request(void)
{
    if (!world.freed)
        interim_request_free(world.request);
    world.freed = true;
}

/* Other than 0: the callback is to say that it wants no more. */
static int at(enum place place)
{
    interim_operation *made;

    if (place != world.place || world.done)
        return 0;
    world.done = true;
    switch (world.deed) {
    case STOP:
        return 1;
    case CANCEL_TWICE:
        cancel_itself();
        cancel_itself();
        break;
    case CANCEL_ALL:
        cancel_others();
        cancel_itself();
        break;
    case CANCEL:
        cancel_itself();
        break;
    case CANCEL_OTHERS:
        cancel_others();
        break;
    case CANCEL_JOB:
        if (world.operation != NULL)
            interim_operation_cancel_job(world.operation);
        break;
    case RESUME:
        if (world.operation != NULL)
            interim_operation_resume(world.operation);
        for (size_t i = 0; i < OTHERS; i++)
            if (world.others[i] != NULL)
                interim_operation_resume(world.others[i]);
        break;
    case START:
        start_more(NULL);
        start_more(NULL);
        break;
    case START_AND_CANCEL:
        start_more(&made);
        interim_operation_cancel(made);
        break;
    case FREE_REQUEST:
        free_request();
        break;
    case CHANGE_REQUEST:
        change_request();
        break;
    case LOOK:
        look_at(world.operation);
        for (size_t i = 0; i < OTHERS; i++)
            look_at(world.others[i]);
        break;
    case PERFORM_AND_RUN:
        must_be_busy();
        break;
    case SETTLE_AND_CANCEL:
        settle_and_cancel();
        break;
    case WAKE:
        interim_client_wake(world.client);
        break;
    default:
        break;
    }
    return 0;
}

/* ---- The callbacks ---- */

static int on_event(const interim_event *event, void *user)
{
    static const struct {
        interim_event_kind kind;
        enum place place;
    } places[] = {{INTERIM_EVENT_START, IN_START},
                  {INTERIM_EVENT_QUEUED, IN_QUEUED},
                  {INTERIM_EVENT_CONNECTED, IN_CONNECTED},
                  {INTERIM_EVENT_SENT, IN_SENT},
                  {INTERIM_EVENT_INTERIM, IN_INTERIM_EVENT},
                  {INTERIM_EVENT_RESPONSE, IN_RESPONSE},
                  {INTERIM_EVENT_ACCEPTED, IN_ACCEPTED_EVENT},
                  {INTERIM_EVENT_WAITING, IN_WAITING},
                  {INTERIM_EVENT_POLL, IN_POLL_EVENT},
                  {INTERIM_EVENT_RETRY, IN_RETRY},
                  {INTERIM_EVENT_END, IN_END}};

    (void)user;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (event->kind == places[i].kind)
            return at(places[i].place);
    return 0;
}

static int on_interim(const interim_event *event, void *user)
{
    (void)event, (void)user;
    return at(IN_ON_INTERIM);
}

static ptrdiff_t reader(void *buffer, size_t size, void *user)
{
    size_t given = world.left < size ? world.left : size;

    (void)user;
    memset(buffer, 'x', given);
    world.left -= given;
    return at(IN_READER) != 0 ? -1 : (ptrdiff_t)given;
}

static int on_body(const void *data, size_t size, void *user)
{
    (void)data, (void)size, (void)user;
    return -at(IN_ON_BODY);
}

static interim_poll_verdict on_poll(const interim_message *answer, void *user)
{
    (void)answer, (void)user;
    return at(IN_ON_POLL) != 0 ? INTERIM_POLL_VERDICT_FAILED : INTERIM_POLL_VERDICT_DEFAULT;
}

static int on_accepted(const char *token, void *user)
{
    (void)token, (void)user;
    return at(IN_ON_ACCEPTED);
}

static int challenged(interim_challenge *challenge, void *user)
{
    (void)user;
    challenge->user = "user";
    challenge->password = "password";
    return at(IN_CHALLENGE);
}

static void on_done(interim_operation *operation, interim_result *result, void *user)
{
    uintptr_t number = (uintptr_t)user;

    world.dones[number]++;
    world.outcomes[number] = interim_result_outcome(result);
    interim_result_free(result);
    if (number == 0)
        at(IN_ON_DONE);
    else if (number <= OTHERS)
        at(IN_ON_DONE_OF_ANOTHER);
    look_at(operation); /* until this returns */
    if (number == 0)
        world.operation = NULL;
    else if (number <= OTHERS)
        world.others[number - 1] = NULL;
}

/* ---- The world ---- */

/* A login, an interim, a job, a poll that says "running", and the end with a body. */
static const server_step refuses[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0,
     "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n"
     "Connection: close\r\n\r\n"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step takes[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_READ, 5, NULL},
    {SERVER_SEND, 0,
     "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 202 Accepted\r\nLocation: /job\r\nAllow: GET, "
     "DELETE\r\n"
     "Retry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step works[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0,
     "HTTP/1.1 202 Accepted\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step ends[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step says_nothing[] = {{SERVER_HEAD, 0, NULL}, {SERVER_WAIT, 0, NULL}};

/* A reader is asked once, so a login is for a request whose body is in memory. */
static void make_requests(void)
{
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;
    interim_polling polling = INTERIM_POLLING_INIT;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(server));
    ck_assert_int_eq(interim_request_new(&world.request, "PUT", url), 0);
    polling.min_ms = polling.first_ms = 1;
    login.clear_text = 1;
    login.fresh = challenged;
    ck_assert_int_eq(interim_request_set_polling(world.request, &polling), 0);
    ck_assert_int_eq(interim_request_set_authentication(world.request, &login), 0);
    interim_request_on_event(world.request, on_event, NULL);
    interim_request_on_interim(world.request, on_interim, NULL);
    interim_request_on_body(world.request, on_body, NULL);
    interim_request_on_poll(world.request, on_poll, NULL);
    interim_request_on_accepted(world.request, on_accepted, NULL);
    if (world.place == IN_READER)
        interim_request_set_body_reader(world.request, reader, 5, NULL);
    else
        interim_request_set_body(world.request, "xxxxx", 5);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/b", server_port(silent));
    ck_assert_int_eq(interim_request_new(&world.other, "GET", url), 0);
}

static void begin(enum place place, enum deed deed)
{
    static const server_step *const with_login[] = {refuses, takes, works, ends, NULL};
    static const server_step *const silence[] = {says_nothing, NULL};
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    memset(&world, 0, sizeof world);
    world.place = place;
    world.deed = deed;
    world.left = 5;
    /* In line: the second at the silent server, and the first itself where that is the place. */
    options.max_connections_per_origin = 1;
    ck_assert_int_eq(interim_client_new(&world.client, &options), 0);
    server = server_start(with_login + (place == IN_READER), NULL);
    silent = server_start(silence, NULL);
    make_requests();
}

/* One that holds the connection which the operation wants, for a while. */
static void stand_in_its_way(void)
{
    interim_request *way;
    interim_operation *held;

    ck_assert_int_eq(interim_request_new(&way, "GET", interim_request_url(world.request)), 0);
    start_as(ALL - 1, &held, way);
    interim_request_free(way);
    start_as(0, &world.operation, world.request);
    interim_client_run(world.client, 0); /* once: it may be answered in the next turn */
    interim_operation_cancel(held);
}

static void start_all(void)
{
    if (world.place == IN_QUEUED)
        stand_in_its_way();
    else
        start_as(0, &world.operation, world.request);
    for (size_t i = 0; i < OTHERS - 1; i++)
        start_as(i + 1, &world.others[i], world.other);
    for (int i = 0; i < 3; i++)
        interim_client_run(world.client, 0);
    start_as(OTHERS, &world.others[OTHERS - 1], world.other);
    if (world.place == IN_ON_DONE_OF_ANOTHER)
        interim_operation_cancel(world.others[0]);
}

/* What the operation itself must have come to; INTERIM_PENDING: that depends. */
static interim_outcome expected_outcome(void)
{
    enum place place = world.place;
    bool stops = world.deed == STOP || world.deed == CANCEL || world.deed == CANCEL_TWICE ||
                 world.deed == CANCEL_ALL;

    if (world.deed == CANCEL_JOB)
        return INTERIM_PENDING;
    if (!stops)
        return INTERIM_DONE;
    /* It has ended, has no name yet, or what is returned means another thing. */
    if (place == IN_END || place == IN_ON_DONE || place == IN_ON_DONE_OF_ANOTHER ||
        place == IN_START || place == IN_READER || place == IN_CHALLENGE || place == IN_ON_POLL)
        return INTERIM_PENDING;
    return INTERIM_CANCELLED;
}

static void check_ends(void)
{
    const char *place = place_names[world.place], *deed = deed_names[world.deed];
    interim_outcome outcome = expected_outcome();

    ck_assert_msg(world.done, "%s, %s: it did not come to that place", place, deed);
    for (size_t i = 0; i < ALL; i++)
        ck_assert_msg(world.dones[i] == world.started[i], "%s, %s: on_done of %zu came %u times",
                      place, deed, i, world.dones[i]);
    ck_assert_uint_eq(world.settled, world.settlings);
    ck_assert_msg(outcome == INTERIM_PENDING || world.outcomes[0] == outcome, "%s, %s: %s", place,
                  deed, interim_outcome_name(world.outcomes[0]));
}

START_TEST(every_deed_in_every_callback)
{
    enum place place = (enum place)(_i / DEEDS);
    enum deed deed = (enum deed)(_i % DEEDS);

    begin(place, deed);
    start_all();
    for (int i = 0; i < 400 && world.dones[0] == 0; i++)
        interim_client_run(world.client, 50);
    ck_assert_uint_eq(world.dones[0], 1);
    for (int i = 0; i < 3; i++)
        interim_client_run(world.client, 5);
    for (size_t i = 0; i < OTHERS; i++)
        ck_assert_int_eq(world.dones[i + 1],
                         world.cancelled[i] || (i == 0 && place == IN_ON_DONE_OF_ANOTHER));
    free_request();
    interim_request_free(world.other);
    interim_client_free(world.client); /* the rest is cancelled: they wait at a silent server */
    check_ends();
    server_stop(server);
    server_stop(silent);
}
END_TEST

/* Starting one is refused in the callbacks of interim_client_free, and all of them come. */
static void start_again(interim_operation *operation, interim_result *result, void *user)
{
    unsigned *dones = user;

    (void)operation;
    interim_result_free(result);
    ck_assert_int_eq(interim_start(NULL, world.client, world.other, start_again, user),
                     INTERIM_EBUSY);
    must_be_busy();
    (*dones)++;
}

START_TEST(nothing_is_started_while_a_client_is_freed)
{
    unsigned dones = 0;

    begin(IN_START, NOTHING);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(interim_start(NULL, world.client, world.other, start_again, &dones), 0);
    interim_client_run(world.client, 0);
    interim_client_free(world.client);
    ck_assert_uint_eq(dones, 10);
    interim_request_free(world.request);
    interim_request_free(world.other);
    server_stop(server);
    server_stop(silent);
}
END_TEST

Suite *client_calls_suite(void)
{
    Suite *suite = suite_create("client_calls");
    TCase *tests = tcase_create("client_calls");

    tcase_add_loop_test(tests, every_deed_in_every_callback, 0, PLACES * DEEDS);
    tcase_add_test(tests, nothing_is_started_while_a_client_is_freed);
    suite_add_tcase(suite, tests);
    return suite;
}
