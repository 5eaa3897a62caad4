/* coding.c - see coding.h.
 *
 * A layer goes BEGIN -> WITHIN -> BETWEEN (after the end of a gzip member; another may follow, RFC
 * 1952 section 2.2) -> WITHIN ... The layer that was applied last is undone first: layer 0 takes
 * the bytes of the message, the last one gives those of the content. */
#include "exchange/coding.h"

#include "base/buffer.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define OUTPUT_SIZE                                                                                \
    65536                 /* of the last layer; measured: smaller is slower, larger is not faster  \
                           */
#define BETWEEN_SIZE 8192 /* of the others */

/* What zlib's windowBits say of the wrapping, with the largest window. */
#define WINDOW_GZIP (16 + 15)
#define WINDOW_ZLIB 15
#define WINDOW_RAW (-15)

typedef enum layer_state { BEGIN, WITHIN, BETWEEN } layer_state;

typedef struct layer {
    z_stream stream;
    layer_state state;
    bool gzip;
    unsigned char first[2]; /* BEGIN: what came so far */
    unsigned first_count;
    char *output;
    size_t output_size;
} layer;

struct interim__coding {
    layer layers[INTERIM__CODING_LAYERS_MAX];
    size_t count;
    uint64_t input, output, output_max;
    interim__buffer rest; /* input that came before the sink wanted no more */
    bool stopped;         /* it does not */
};

static int fail(interim_error *error, int code, const char *what, const char *detail)
{
    return interim__error_set(error, code, INTERIM_STAGE_BODY, "%s%.40s", what, detail);
}

static int no_memory(interim_error *error)
{
    return fail(error, INTERIM_ENOMEM, "out of memory", "");
}

static int add_layer(interim__coding *coding, const char *name, size_t length, interim_error *error)
{
    bool gzip = interim__text_is(name, length, "gzip") || interim__text_is(name, length, "x-gzip");
    layer *added = &coding->layers[coding->count];

    if (interim__text_is(name, length, "identity"))
        return 0;
    if (!gzip && !interim__text_is(name, length, "deflate"))
        return fail(error, INTERIM_ECODING, "a content coding that was not asked for: ", name);
    if (coding->count == INTERIM__CODING_LAYERS_MAX)
        return fail(error, INTERIM_ECODING, "more than five content codings", "");
    if (inflateInit2(&added->stream, gzip ? WINDOW_GZIP : WINDOW_ZLIB) != Z_OK)
        return no_memory(error);
    added->gzip = gzip;
    coding->count++;
    return 0;
}

/* The codings are listed in the order in which they were applied. */
static void reverse(interim__coding *coding)
{
    bool gzip[INTERIM__CODING_LAYERS_MAX];

    for (size_t i = 0; i < coding->count; i++)
        gzip[i] = coding->layers[coding->count - 1 - i].gzip;
    for (size_t i = 0; i < coding->count; i++) {
        coding->layers[i].gzip = gzip[i];
        inflateReset2(&coding->layers[i].stream, gzip[i] ? WINDOW_GZIP : WINDOW_ZLIB);
    }
}

static int add_layers(interim__coding *coding, const interim__fields *fields, interim_error *error)
{
    const interim_field *field = NULL;

    while ((field = interim__fields_next(fields, "content-encoding", field)) != NULL) {
        const char *list = field->value, *name;
        size_t list_length = field->value_length, length;

        while (interim__text_next_element(&list, &list_length, &name, &length))
            if (add_layer(coding, name, length, error) < 0)
                return error->code;
    }
    reverse(coding);
    for (size_t i = 0; i < coding->count; i++) {
        coding->layers[i].output_size = i + 1 == coding->count ? OUTPUT_SIZE : BETWEEN_SIZE;
        coding->layers[i].output = malloc(coding->layers[i].output_size);
        if (coding->layers[i].output == NULL)
            return no_memory(error);
    }
    return 0;
}

int interim__coding_new(interim__coding **out, const interim__fields *fields, uint64_t output_max,
                        interim_error *error)
{
    interim__coding *coding;

    *out = NULL;
    if (interim__fields_next(fields, "content-encoding", NULL) == NULL)
        return 0;
    coding = calloc(1, sizeof *coding);
    if (coding == NULL)
        return no_memory(error);
    coding->output_max = output_max == 0 ? UINT64_MAX : output_max;
    if (add_layers(coding, fields, error) < 0 || coding->count == 0) {
        interim__coding_free(coding);
        return error->code;
    }
    *out = coding;
    return 0;
}

void interim__coding_free(interim__coding *coding)
{
    if (coding == NULL)
        return;
    for (size_t i = 0; i < coding->count; i++) {
        inflateEnd(&coding->layers[i].stream);
        free(coding->layers[i].output);
    }
    interim__buffer_dispose(&coding->rest);
    free(coding);
}

/* What the last layer gave, within the limits. */
static int give(interim__coding *coding, const char *data, size_t size, interim__coding_sink sink,
                void *user, interim_error *error)
{
    int answer;

    if (size == 0)
        return 0;
    if (size > coding->output_max - coding->output)
        return fail(error, INTERIM_ECODING, "the decoded body is larger than its limit", "");
    coding->output += size;
    if (coding->output > INTERIM__CODING_RATIO_FROM &&
        coding->output / INTERIM__CODING_RATIO_MAX > coding->input)
        return fail(error, INTERIM_ECODING, "the decoded body is more than 1100 times its size",
                    "");
    answer = sink(user, data, size);
    coding->stopped = coding->stopped || answer > 0;
    return answer < 0 ? answer : 0;
}

/* Many servers say deflate and mean raw deflate, without the zlib wrapping that RFC 9110 asks for:
 * when the first two bytes are no zlib header, they are taken so. */
static bool is_zlib_header(const unsigned char *bytes)
{
    return (bytes[0] & 0x0f) == Z_DEFLATED && (bytes[0] >> 4) <= 7 &&
           (bytes[0] * 256 + bytes[1]) % 31 == 0;
}

static int inflate_once(layer *at, interim_error *error)
{
    int status = inflate(&at->stream, Z_NO_FLUSH);

    switch (status) {
    case Z_OK:
    case Z_BUF_ERROR:
        return 0;
    case Z_STREAM_END:
        at->state = BETWEEN;
        return 0;
    case Z_MEM_ERROR:
        return no_memory(error);
    default:
        return fail(error, INTERIM_ECODING, "the coded body is malformed: ",
                    at->stream.msg == NULL ? "a dictionary is needed" : at->stream.msg);
    }
}

/* What comes after the end of a layer: another gzip member, or too much. */
static int begin_member(layer *at, interim_error *error)
{
    if (!at->gzip)
        return fail(error, INTERIM_ECODING, "bytes follow the end of the coded body", "");
    inflateReset2(&at->stream, WINDOW_GZIP);
    at->state = WITHIN;
    return 0;
}

static int feed_layer(interim__coding *coding, size_t number, const char *data, size_t size,
                      interim__coding_sink sink, void *user, interim_error *error);

static bool has_work(const layer *at)
{
    return at->stream.avail_in > 0 || (at->state == WITHIN && at->stream.avail_out == 0);
}

/* Undoes one layer of its input and gives what comes out to the next one, or to sink. Only the
 * first layer stops for a sink that wants no more: those behind it have little input. */
static int run_layer(interim__coding *coding, size_t number, interim__coding_sink sink, void *user,
                     interim_error *error)
{
    layer *at = &coding->layers[number];
    bool last = number + 1 == coding->count;

    while (has_work(at) && (number > 0 || !coding->stopped)) {
        size_t got;
        int failed;

        if (at->state == BETWEEN && begin_member(at, error) < 0)
            return error->code;
        at->stream.next_out = (unsigned char *)at->output;
        at->stream.avail_out = (unsigned)at->output_size;
        if (inflate_once(at, error) < 0)
            return error->code;
        got = at->output_size - at->stream.avail_out;
        failed = last ? give(coding, at->output, got, sink, user, error)
                      : feed_layer(coding, number + 1, at->output, got, sink, user, error);
        if (failed < 0)
            return failed;
    }
    return 0;
}

static void set_input(layer *at, const void *data, size_t size)
{
    at->stream.next_in = (unsigned char *)(uintptr_t)data;
    at->stream.avail_in = (unsigned)size;
}

/* Two bytes tell zlib from raw deflate, however they come. */
static void choose_wrapping(layer *at)
{
    at->state = WITHIN;
    if (!at->gzip && !is_zlib_header(at->first))
        inflateReset2(&at->stream, WINDOW_RAW);
}

static int feed_layer(interim__coding *coding, size_t number, const char *data, size_t size,
                      interim__coding_sink sink, void *user, interim_error *error)
{
    layer *at = &coding->layers[number];
    int failed = 0;

    if (at->state == BEGIN) {
        while (size > 0 && at->first_count < sizeof at->first)
            at->first[at->first_count++] = (unsigned char)*data++, size--;
        if (at->first_count < sizeof at->first)
            return 0;
        choose_wrapping(at);
        set_input(at, at->first, sizeof at->first);
        failed = run_layer(coding, number, sink, user, error);
        coding->stopped = false; /* two bytes are not worth it */
    }
    if (failed < 0 || size == 0)
        return failed;
    set_input(at, data, size);
    return run_layer(coding, number, sink, user, error);
}

/* Keeps what the first layer has not taken. */
static int keep_rest(interim__coding *coding, interim_error *error)
{
    z_stream *stream = &coding->layers[0].stream;

    if (stream->avail_in > 0 &&
        interim__buffer_append(&coding->rest, stream->next_in, stream->avail_in) < 0)
        return no_memory(error);
    stream->avail_in = 0;
    return 0;
}

int interim__coding_feed(interim__coding *coding, const char *data, size_t size,
                         interim__coding_sink sink, void *user, interim_error *error)
{
    int failed;

    coding->input += size;
    coding->stopped = false;
    failed = feed_layer(coding, 0, data, size, sink, user, error);
    return failed < 0 ? failed : keep_rest(coding, error);
}

int interim__coding_resume(interim__coding *coding, interim__coding_sink sink, void *user,
                           interim_error *error)
{
    interim__buffer rest = coding->rest;
    int failed;

    coding->rest = (interim__buffer){0};
    coding->stopped = false;
    set_input(&coding->layers[0], rest.data, rest.length);
    failed = run_layer(coding, 0, sink, user, error);
    if (failed == 0)
        failed = keep_rest(coding, error);
    interim__buffer_dispose(&rest);
    return failed;
}

int interim__coding_finish(interim__coding *coding, interim_error *error)
{
    if (coding->input == 0)
        return 0;
    for (size_t i = 0; i < coding->count; i++)
        if (coding->layers[i].state != BETWEEN)
            return fail(error, INTERIM_ECODING, "the coded body is cut short", "");
    return 0;
}
