/* layer_operation.c - plays an operation on its machine, without sockets, on a made-up clock that
 * jumps to where something is due. It begins at Sun, 22 Nov 2026 10:00:00 GMT. */
#include "asking.h"
#include "escapes.h"
#include "operation/operation.h"
#include "support/guard.h"
#include "transport/tls_hash.h"

#include <stdlib.h>
#include <string.h>

#define START_MONOTONIC (INT64_C(5000) * 1000000000)
#define START_WALL (INT64_C(1795341600) * 1000000000)
#define BODY_CAP ((size_t)16 * 1024 * 1024)

struct player {
    struct asking asking;
    interim__environment environment;
    interim__operation op;
    int64_t now; /* monotonic */
    const struct cut *cut;
    unsigned rounds;      /* answers to a 407 of CONNECT before this exchange */
    size_t place;         /* of the next byte, over all exchanges */
    interim__buffer wire; /* what was sent in this exchange */
    size_t head_size;     /* of it, 0: not known */
    bool idle;            /* there is a connection that could be used again */
    int64_t idle_since;
    interim__uri *idle_origin;
    interim__routes routes;
    interim__buffer *problems;
};

static interim__moment now(const struct player *player)
{
    return (interim__moment){player->now, START_WALL + player->now - START_MONOTONIC};
}

static unsigned rounds_of(const struct player *player)
{
    return player->op.passage == NULL ? 0 : player->op.passage->rounds;
}

static bool exchanging(const struct player *player, unsigned exchange)
{
    return player->op.need == INTERIM__NEED_EXCHANGE && player->op.connections_left == exchange &&
           rounds_of(player) == player->rounds;
}

/* Lets the time pass; false when the operation would wait for ever. */
static bool pass(struct player *player, unsigned exchange, int64_t until)
{
    while (exchanging(player, exchange)) {
        int64_t deadline = interim__operation_deadline(&player->op);

        if (deadline > until)
            break;
        if (deadline > player->now)
            player->now = deadline;
        interim__operation_tick(&player->op, now(player));
    }
    if (until != INTERIM__FAR && until > player->now && exchanging(player, exchange))
        player->now = until;
    return until != INTERIM__FAR || !exchanging(player, exchange);
}

/* The server waits for bytes and the client sends none yet (it waits for a 100, say): what is due
 * next. False when there will be none. */
static bool wait_for_output(struct player *player, unsigned exchange)
{
    int64_t deadline = interim__operation_deadline(&player->op);

    if (player->op.talk == NULL || deadline == INTERIM__FAR ||
        interim__sender_done(&player->op.talk->exchange.sender))
        return false;
    pass(player, exchange, deadline);
    return true;
}

static void send_until(struct player *player, unsigned exchange, int64_t wanted)
{
    const char *data;
    size_t size;

    while (exchanging(player, exchange)) {
        size_t limit = wanted == READ_ALL ? SIZE_MAX : player->head_size + (size_t)wanted;

        if (player->head_size > 0 && player->wire.length >= limit)
            return;
        size = interim__operation_output(&player->op, &data, now(player));
        if (size == 0 && exchanging(player, exchange) && !wait_for_output(player, exchange))
            return;
        if (size == 0)
            continue;
        /* The head comes in one piece, and nothing else with it. */
        if (player->head_size == 0)
            player->head_size = size;
        else if (size > limit - player->wire.length)
            size = limit - player->wire.length;
        put(&player->wire, data, size);
        interim__operation_sent(&player->op, size, now(player));
    }
}

/* Gives bytes; how many were left when the exchange was over. */
static size_t receive(struct player *player, unsigned exchange, const char *bytes, size_t size)
{
    while (size > 0 && exchanging(player, exchange)) {
        size_t piece = cut_next(player->cut, player->place, size);

        interim__operation_received(&player->op, guarded(bytes, piece), piece, now(player));
        player->place += piece;
        bytes += piece;
        size -= piece;
    }
    return size;
}

/* One action while the exchange goes on. False: the transcript is not good. */
static bool act(struct player *player, unsigned exchange, const struct action *action)
{
    switch (action->kind) {
    case ACTION_READ:
        send_until(player, exchange, action->number);
        break;
    case ACTION_PAUSE:
        pass(player, exchange, player->now + action->number * INTERIM__NS_PER_MS);
        break;
    case ACTION_EOF:
    case ACTION_RESET:
        interim__operation_ended(&player->op, action->kind == ACTION_EOF, NULL, now(player));
        break;
    case ACTION_HOLD:
        return pass(player, exchange, INTERIM__FAR);
    case ACTION_BYTES:
        break;
    }
    return true;
}

/* Plays one exchange; what the server does behind its answer spoils the connection. */
static bool play_exchange(struct player *player, const struct served *served)
{
    unsigned exchange = player->op.connections_left;
    const char *bytes = served->bytes.data;
    bool good = true;

    player->wire.length = player->head_size = 0;
    player->rounds = rounds_of(player);
    for (size_t i = 0; i < served->action_count && good; i++) {
        const struct action *action = &served->actions[i];
        size_t size = action->kind == ACTION_BYTES ? (size_t)action->number : 0, left;
        bool over = !exchanging(player, exchange);

        left = receive(player, exchange, bytes, size);
        player->place += left;
        bytes += size;
        if (!over && action->kind != ACTION_BYTES)
            good = act(player, exchange, action);
        else if (left > 0 || (over && action->kind != ACTION_PAUSE && action->kind != ACTION_READ))
            player->op.keep_connection = false;
    }
    return good && !exchanging(player, exchange);
}

/* Which connection is used, and what was sent on it. */
static void check(struct player *player, const struct served *served, size_t number, bool reused)
{
    const char *asked = served->asked.data;

    put(&player->wire, "", 0);
    transcript_check_request(served, number, player->wire.data, player->wire.length,
                             player->problems);
    if (asked != NULL && strstr(asked, reused ? "@new\n" : "@same\n") != NULL)
        put_format(player->problems, "request %zu: it was on %s connection\n", number,
                   reused ? "the same" : "a new");
}

static void refuse(struct player *player)
{
    interim_error error;

    interim__error_init(&error);
    interim__error_set(&error, INTERIM_ECONNECT, INTERIM_STAGE_CONNECT, "refused");
    interim__operation_unopened(&player->op, &error, now(player));
}

/* Whether an idle connection is used; it is not idle any more. */
static bool take_idle(struct player *player)
{
    bool reused = player->idle && interim__uri_same_origin(player->idle_origin, player->op.uri) &&
                  player->now - player->idle_since <= interim__operation_idle_limit(&player->op);

    player->idle = false;
    interim__uri_dispose(&player->idle_origin);
    player->idle_origin = interim__uri_share(player->op.uri);
    return reused;
}

/* The n-th exchange, from its connection on; or through the tunnel that the one before has made; or
 * CONNECT once more. */
static bool connect_and_play(struct player *player, size_t number)
{
    const struct served *served = &player->asking.transcript->exchanges[number - 1];
    bool again = player->op.need == INTERIM__NEED_EXCHANGE;
    bool reused = again || (player->op.need == INTERIM__NEED_CONNECTION && take_idle(player));
    bool good;

    if (served->refuse) {
        refuse(player);
        return true;
    }
    if (!again)
        interim__operation_opened(&player->op, "192.0.2.1:80", reused, now(player));
    good = play_exchange(player, served);
    player->idle = player->op.keep_connection;
    player->idle_since = player->now;
    check(player, served, number, reused);
    return good;
}

static void wait(struct player *player)
{
    int64_t deadline = interim__operation_deadline(&player->op);

    if (deadline > player->now)
        player->now = deadline;
    interim__operation_tick(&player->op, now(player));
}

static void run(struct player *player)
{
    size_t number = 0;

    while (player->op.need != INTERIM__NEED_NOTHING) {
        if (player->op.need == INTERIM__NEED_TIME) {
            wait(player);
        } else if (number == player->asking.transcript->exchange_count) {
            log_record(player->asking.log, "one more exchange is wanted: %s %s", player->op.method,
                       interim__operation_url_text(&player->op));
            return;
        } else if (!connect_and_play(player, ++number)) {
            log_record(player->asking.log, "end of exchange %zu, and it is not over", number);
            return;
        }
    }
    if (number < player->asking.transcript->exchange_count)
        log_record(player->asking.log, "only %zu exchanges were wanted", number);
}

static void find_proxy(struct player *player, const char *url)
{
    const char *problem;

    if (url != NULL && interim__route_parse(&player->routes.http, url, &problem) < 0)
        abort();
    player->routes.https = player->routes.http;
}

static int observe(interim__operation *op, const interim_event *event)
{
    struct player *player = (struct player *)(void *)((char *)op - offsetof(struct player, op));

    return asking_event(event, &player->asking);
}

static void play(const struct transcript *transcript, const struct cut *cut, struct log *log,
                 interim__buffer *problems)
{
    struct player player = {.now = START_MONOTONIC, .cut = cut, .problems = problems};
    size_t cap = transcript->body_cap == 0 ? BODY_CAP : transcript->body_cap;
    interim_result *result;

    find_proxy(&player, transcript->proxy);
    asking_begin(&player.asking, transcript, log, transcript->body_cap > 0, NULL, NULL, 1);
    player.environment = (interim__environment){.observe = observe,
                                                .user_agent = "test/1",
                                                .body_cap = cap,
                                                .routes = &player.routes,
                                                .hasher = {interim__tls_hash, NULL}};
    interim__error_init(&player.environment.error);
    if (interim__operation_init(&player.op, &player.environment, player.asking.request, 1,
                                cut->at + 1, now(&player)) < 0)
        abort();
    run(&player);
    if (player.op.need == INTERIM__NEED_NOTHING) {
        result = interim__operation_take_result(&player.op);
        asking_ended(&player.asking, result, player.idle ? "yes" : "no");
        interim_result_free(result);
    }
    interim__operation_dispose(&player.op);
    interim__environment_dispose(&player.environment);
    asking_dispose(&player.asking);
    interim__buffer_dispose(&player.wire);
    interim__uri_dispose(&player.idle_origin);
    interim__routes_dispose(&player.routes);
}

static bool can(const struct transcript *transcript)
{
    (void)transcript;
    return true;
}

const struct layer layer_operation = {"operation", "operation", true, play, can};
