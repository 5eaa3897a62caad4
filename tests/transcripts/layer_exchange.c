/* layer_exchange.c - plays one exchange on the exchange machine alone: no operation, no clock, no
 * socket. Bytes end at a page that cannot be read. */
#include "escapes.h"
#include "exchange/exchange.h"
#include "exchange/request_head.h"
#include "layer.h"
#include "support/guard.h"

#include <stdlib.h>
#include <string.h>

struct player {
    interim__exchange exchange;
    interim_error error;
    interim__buffer wire; /* what was sent */
    size_t head_size;     /* of it */
    struct log *log;
    int status;
    bool ended;
    size_t behind; /* bytes that the server sends behind those that are being taken */
};

static void end(struct player *player)
{
    bool reuse = interim__exchange_reusable(&player->exchange) && player->behind == 0;

    player->ended = true;
    if (player->error.code == 0)
        log_trailers(player->log, player->exchange.chunked.trailers.items,
                     player->exchange.chunked.trailers.count);
    log_end(player->log, "?", player->status, &player->error, reuse ? "yes" : "no");
}

static void take_message(struct player *player, const char *kind)
{
    const interim__head *head = &player->exchange.head;

    player->status = head->status;
    log_message(player->log, kind, head->status, head->reason, head->fields.items,
                head->fields.count);
}

/* Gives one piece to the exchange; true when that was all it takes. */
static void receive(struct player *player, const char *bytes, size_t size)
{
    char *data = guarded(bytes, size);

    while (!player->ended) {
        int step = interim__exchange_step(&player->exchange, &data, &size);

        switch (step) {
        case INTERIM__STEP_MORE:
            return;
        case INTERIM__STEP_INTERIM:
            take_message(player, "interim");
            break;
        case INTERIM__STEP_RESPONSE:
            take_message(player, "response");
            break;
        case INTERIM__STEP_BODY:
            log_body(player->log, player->exchange.body, player->exchange.body_length);
            break;
        default:
            player->behind += size;
            end(player);
        }
    }
}

/* Sends until wanted bytes behind the head are out, READ_ALL: everything. */
static void send_until(struct player *player, int64_t wanted)
{
    const char *data;
    ptrdiff_t size;

    while (!player->ended) {
        size_t limit = wanted == READ_ALL ? SIZE_MAX : player->head_size + (size_t)wanted;

        if (player->wire.length >= limit)
            return;
        size = interim__sender_output(&player->exchange.sender, &data, &player->error);
        if (size < 0)
            end(player);
        if (size <= 0)
            return;
        if ((size_t)size > limit - player->wire.length)
            size = (ptrdiff_t)(limit - player->wire.length);
        put(&player->wire, data, (size_t)size);
        interim__sender_sent(&player->exchange.sender, (size_t)size);
    }
}

static void begin(struct player *player, const struct transcript *transcript,
                  struct reading *reading, interim__uri **uri)
{
    interim__fields fields = {0};
    interim__body_source body = {.length = INTERIM__BODY_NONE};

    if (transcript->has_body) {
        body.data = transcript->body.data;
        body.length = (int64_t)transcript->body.length;
    } else if (transcript->has_reader) {
        body.reader = layer_read_body;
        body.user = reading;
        body.length =
            transcript->length_known ? layer_body_length(transcript) : INTERIM__BODY_CHUNKED;
    }
    for (size_t i = 0; i < transcript->field_count; i++)
        if (interim__fields_add(&fields, transcript->field_names[i],
                                strlen(transcript->field_names[i]), transcript->field_values[i],
                                strlen(transcript->field_values[i])) < 0)
            abort();
    interim__error_init(&player->error);
    interim__exchange_init(&player->exchange, transcript->method, &player->error);
    if (interim__uri_parse(uri, transcript->url, strlen(transcript->url), NULL) < 0 ||
        interim__request_head_write(&player->exchange.sender.out, transcript->method,
                                    (*uri)->target, *uri, &fields, NULL, body.length) < 0)
        abort();
    player->head_size = player->exchange.sender.out.length;
    interim__sender_start(&player->exchange.sender, &body);
    interim__fields_dispose(&fields);
}

/* The end of the connection; what it comes to. */
static void disconnect(struct player *player, bool clean)
{
    if (player->ended)
        return;
    interim__exchange_end(&player->exchange, clean);
    end(player);
}

/* A pause is nothing here: what comes before and behind it may come at once. */
static size_t bytes_ahead(const struct served *served, size_t action)
{
    size_t size = 0;

    for (; action < served->action_count; action++) {
        if (served->actions[action].kind == ACTION_BYTES)
            size += (size_t)served->actions[action].number;
        else if (served->actions[action].kind != ACTION_PAUSE)
            break;
    }
    return size;
}

static void play_bytes(struct player *player, const struct served *served, size_t *place,
                       size_t size, const struct cut *cut)
{
    while (size > 0 && !player->ended) {
        size_t piece = cut_next(cut, *place, size);

        player->behind = served->bytes.length - *place - piece;
        receive(player, served->bytes.data + *place, piece);
        *place += piece;
        size -= piece;
    }
}

static void play(const struct transcript *transcript, const struct cut *cut, struct log *log,
                 interim__buffer *problems)
{
    const struct served *served = &transcript->exchanges[0];
    struct reading reading = {transcript, 0, 0};
    struct player player = {.log = log};
    interim__uri *uri = NULL;
    size_t place = 0;

    begin(&player, transcript, &reading, &uri);
    for (size_t i = 0; i < served->action_count && !player.ended; i++) {
        const struct action *action = &served->actions[i];

        if (action->kind == ACTION_READ)
            send_until(&player, action->number);
        else if (action->kind == ACTION_BYTES)
            play_bytes(&player, served, &place, bytes_ahead(served, i), cut);
        else if (action->kind == ACTION_EOF || action->kind == ACTION_RESET)
            disconnect(&player, action->kind == ACTION_EOF);
        while (action->kind == ACTION_BYTES && i + 1 < served->action_count &&
               (served->actions[i + 1].kind == ACTION_BYTES ||
                served->actions[i + 1].kind == ACTION_PAUSE))
            i++;
    }
    if (!player.ended)
        log_record(log, "end of the transcript, and the exchange is not over");
    put(&player.wire, "", 0);
    transcript_check_request(served, 1, player.wire.data, player.wire.length, problems);
    interim__exchange_dispose(&player.exchange);
    interim__buffer_dispose(&player.wire);
    interim__uri_dispose(&uri);
}

static bool can(const struct transcript *transcript)
{
    return transcript->exchange_count == 1;
}

const struct layer layer_exchange = {"exchange", "exchange", true, play, can};
