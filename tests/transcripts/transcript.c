/* transcript.c - reads the files of this directory. See transcript.h. */
#include "transcript.h"

#include "escapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lines of a file, and where the reader stands; repeats are unrolled first. */
struct source {
    const char *path;
    char **lines;
    unsigned *numbers; /* of the line in the file */
    unsigned *indices; /* of the repeat */
    size_t count, at;
};

/* Room for one more; taken in powers of two. */
static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    array = realloc(array, (count == 0 ? 1 : 2 * count) * size);
    if (array == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return array;
}

static char *copy(const char *text)
{
    char *made = strdup(text);

    if (made == NULL)
        exit(2);
    return made;
}

static bool problem(const struct source *source, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", source->path,
            source->at > 0 && source->at <= source->count ? source->numbers[source->at - 1] : 0,
            what);
    return false;
}

/* ---- lines ---- */

static void add_line(struct source *source, const char *text, unsigned number, unsigned index)
{
    source->lines = grow(source->lines, source->count, sizeof *source->lines);
    source->numbers = grow(source->numbers, source->count, sizeof *source->numbers);
    source->indices = grow(source->indices, source->count, sizeof *source->indices);
    source->lines[source->count] = copy(text);
    source->numbers[source->count] = number;
    source->indices[source->count] = index;
    source->count++;
}

static void free_source(struct source *source)
{
    for (size_t i = 0; i < source->count; i++)
        free(source->lines[i]);
    free(source->lines);
    free(source->numbers);
    free(source->indices);
}

/* Adds the lines of a block once more for each further turn; it was added for the first already. */
static void unroll(struct source *source, size_t from, unsigned long times)
{
    size_t to = source->count;

    for (unsigned turn = 1; turn < times; turn++)
        for (size_t i = from; i < to; i++)
            add_line(source, source->lines[i], source->numbers[i], turn);
}

static bool read_lines(struct source *source, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0, block = 0;
    ssize_t length;
    unsigned number = 0;
    unsigned long times = 0;

    while ((length = getline(&line, &capacity, file)) >= 0) {
        unsigned long repeats;
        char brace;

        number++;
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (times == 0 && sscanf(line, "repeat %lu %c", &repeats, &brace) == 2 && brace == '{') {
            times = repeats;
            block = source->count;
        } else if (times > 0 && strcmp(line, "}") == 0) {
            unroll(source, block, times);
            times = 0;
        } else {
            add_line(source, line, number, 0);
        }
    }
    free(line);
    return times == 0 || problem(source, "a repeat has no }");
}

static const char *next(struct source *source)
{
    return source->at < source->count ? source->lines[source->at++] : NULL;
}

static bool is_section(const char *line)
{
    size_t length = strcspn(line, " ");

    if (length == 5)
        return strncmp(line, "asked", 5) == 0 &&
               strspn(line + 5, " 0123456789") == strlen(line + 5);
    return length == 6 && (strncmp(line, "server", 6) == 0 || strncmp(line, "expect", 6) == 0) &&
           strspn(line + 6, " 0123456789") == strlen(line + 6);
}

/* The next line of a section; NULL at the next section. */
static const char *next_of_section(struct source *source)
{
    const char *line;

    while ((line = next(source)) != NULL) {
        if (is_section(line)) {
            source->at--;
            return NULL;
        }
        if (*line != '#')
            return line;
    }
    return NULL;
}

/* The rest of a line that begins with a word and a blank, or NULL. */
static const char *after(const char *line, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(line, word, length) != 0 || (line[length] != ' ' && line[length] != '\0'))
        return NULL;
    return line[length] == ' ' ? line + length + 1 : line + length;
}

/* ---- the server ---- */

static void add_action(struct served *served, action_kind kind, int64_t number)
{
    struct action *last =
        served->action_count == 0 ? NULL : &served->actions[served->action_count - 1];

    if (kind == ACTION_BYTES && last != NULL && last->kind == ACTION_BYTES) {
        last->number += number;
        return;
    }
    if (kind == ACTION_BYTES && number == 0)
        return;
    served->actions = grow(served->actions, served->action_count, sizeof *served->actions);
    served->actions[served->action_count++] = (struct action){kind, number};
}

static bool read_amount(const struct source *source, struct served *served, const char *amount)
{
    char *end;
    long number = strtol(amount, &end, 10);

    if (strcmp(amount, "head") == 0)
        number = 0;
    else if (strcmp(amount, "all") == 0)
        number = READ_ALL;
    else if (*amount == '\0' || *end != '\0' || number < 0)
        return problem(source, "read what?");
    add_action(served, ACTION_READ, number);
    return true;
}

/* Whether a line is a directive; *good tells whether it is a good one. */
static bool directive(const struct source *source, struct served *served, const char *line,
                      unsigned index, bool *good)
{
    const char *rest;
    size_t before = served->bytes.length;

    *good = true;
    if (strcmp(line, "eof") == 0)
        add_action(served, ACTION_EOF, 0);
    else if (strcmp(line, "reset") == 0)
        add_action(served, ACTION_RESET, 0);
    else if (strcmp(line, "hold") == 0)
        add_action(served, ACTION_HOLD, 0);
    else if (strcmp(line, "refuse") == 0)
        served->refuse = true;
    else if ((rest = after(line, "pause")) != NULL)
        add_action(served, ACTION_PAUSE, strtol(rest, NULL, 10));
    else if ((rest = after(line, "read")) != NULL)
        *good = read_amount(source, served, rest);
    else if ((rest = after(line, "raw")) != NULL) {
        while (*rest != '\0' && *good)
            *good =
                escapes_read_quoted(&served->bytes, &rest, index) || problem(source, "raw what?");
        add_action(served, ACTION_BYTES, (int64_t)(served->bytes.length - before));
    } else
        return false;
    return true;
}

/* How many backslashes end a text. */
static size_t trailing_backslashes(const char *text, size_t length)
{
    size_t count = 0;

    while (count < length && text[length - count - 1] == '\\')
        count++;
    return count;
}

static bool content_line(const struct source *source, struct served *served, const char *line,
                         unsigned index)
{
    size_t length = strlen(line), before = served->bytes.length;
    bool open = trailing_backslashes(line, length) % 2 == 1;

    if (!escapes_read(&served->bytes, line, open ? length - 1 : length, index))
        return problem(source, "an escape is malformed");
    if (!open)
        put(&served->bytes, "\r\n", 2);
    add_action(served, ACTION_BYTES, (int64_t)(served->bytes.length - before));
    return true;
}

static struct served *add_exchange(struct transcript *transcript)
{
    struct served *served;

    transcript->exchanges =
        grow(transcript->exchanges, transcript->exchange_count, sizeof *transcript->exchanges);
    served = &transcript->exchanges[transcript->exchange_count++];
    memset(served, 0, sizeof *served);
    put(&served->bytes, "", 0);
    return served;
}

static bool read_server(struct transcript *transcript, struct source *source,
                        interim__buffer *asked)
{
    struct served *served = add_exchange(transcript);
    const char *line;

    served->asked = *asked;
    *asked = (interim__buffer){0};
    while ((line = next_of_section(source)) != NULL) {
        unsigned index = source->indices[source->at - 1];
        bool good;

        if (served->action_count == 0 && after(line, "read") == NULL)
            add_action(served, ACTION_READ, READ_ALL);
        if (!directive(source, served, line, index, &good))
            good = content_line(source, served, line, index);
        if (!good)
            return false;
    }
    return true;
}

static void read_asked(struct source *source, interim__buffer *asked)
{
    const char *line;

    put(asked, "", 0);
    while ((line = next_of_section(source)) != NULL)
        if (*line != '\0') {
            put_text(asked, line);
            put(asked, "\n", 1);
        }
}

/* ---- the log ---- */

/* A body as the log writes it: one string. */
static bool read_expected_body(struct source *source, interim__buffer *out, const char *text,
                               unsigned index)
{
    interim__buffer body = {0};
    bool good = true;

    put(&body, "", 0);
    while (good && *text != '\0')
        good = escapes_read_quoted(&body, &text, index) || problem(source, "which body?");
    put_text(out, "body \"");
    escapes_write(out, body.data, body.length);
    put_text(out, "\"\n");
    interim__buffer_dispose(&body);
    return good;
}

/* A field: two blanks before it, none behind it; "\i" and "raw" in it are understood. */
static bool read_expected_field(struct source *source, interim__buffer *out, const char *text,
                                unsigned index)
{
    interim__buffer bytes = {0};
    size_t length = strlen(text);
    bool good;

    while (length > 0 && text[length - 1] == ' ')
        length--;
    put(&bytes, "", 0);
    good = escapes_read(&bytes, text, length, index) || problem(source, "an escape is malformed");
    put_text(out, "  ");
    escapes_write(out, bytes.data, bytes.length);
    put_text(out, "\n");
    interim__buffer_dispose(&bytes);
    return good;
}

static bool read_expect(struct transcript *transcript, struct source *source)
{
    const char *line;
    interim__buffer *out = &transcript->expected;

    put(out, "", 0);
    while ((line = next(source)) != NULL) {
        unsigned index = source->indices[source->at - 1];
        const char *text = line + strspn(line, " ");
        bool good = true;

        if (*text == '\0' || *line == '#')
            continue;
        if (after(text, "body") != NULL) {
            good = read_expected_body(source, out, after(text, "body"), index);
        } else if (text > line) {
            good = read_expected_field(source, out, text, index);
        } else {
            put_text(out, line);
            put_text(out, "\n");
        }
        if (!good)
            return false;
    }
    return true;
}

/* ---- the request ---- */

static bool read_request(struct transcript *transcript, struct source *source, const char *text)
{
    const char *blank = strchr(text, ' ');

    if (blank == NULL || transcript->method != NULL)
        return problem(source, "one request: METHOD URL");
    transcript->method = strndup(text, (size_t)(blank - text));
    transcript->url = copy(blank + 1);
    return true;
}

static bool read_field(struct transcript *transcript, struct source *source, const char *text)
{
    const char *colon = strchr(text, ':');
    size_t i = transcript->field_count++;

    if (colon == NULL)
        return problem(source, "a field has a colon");
    transcript->field_names = grow(transcript->field_names, i, sizeof *transcript->field_names);
    transcript->field_values = grow(transcript->field_values, i, sizeof *transcript->field_values);
    transcript->field_names[i] = strndup(text, (size_t)(colon - text));
    transcript->field_values[i] = copy(colon + 1 + strspn(colon + 1, " "));
    return true;
}

static bool read_body(struct transcript *transcript, struct source *source, const char *text)
{
    transcript->has_body = true;
    put(&transcript->body, "", 0);
    while (*text != '\0')
        if (!escapes_read_quoted(&transcript->body, &text, 0))
            return problem(source, "which body?");
    return true;
}

static struct piece *add_piece(struct transcript *transcript)
{
    struct piece *piece;

    transcript->pieces =
        grow(transcript->pieces, transcript->piece_count, sizeof *transcript->pieces);
    piece = &transcript->pieces[transcript->piece_count++];
    memset(piece, 0, sizeof *piece);
    put(&piece->bytes, "", 0);
    return piece;
}

static bool read_reader(struct transcript *transcript, struct source *source, const char *text)
{
    const char *rest = after(text, "known");

    transcript->has_reader = true;
    transcript->length_known = rest != NULL;
    text = rest == NULL ? after(text, "unknown") : rest;
    while (text != NULL && *text == '"')
        if (!escapes_read_quoted(&add_piece(transcript)->bytes, &text, 0))
            return problem(source, "which piece?");
    if (text == NULL)
        return problem(source, "reader known, or reader unknown");
    if (strcmp(text, "fail") == 0)
        add_piece(transcript)->answer = -1;
    else if (strcmp(text, "more") == 0)
        add_piece(transcript)->answer = PTRDIFF_MAX;
    else if (strcmp(text, "short") == 0)
        transcript->reader_is_short = true;
    else if (*text != '\0')
        return problem(source, "a reader may fail, answer more, or be short");
    return true;
}

static bool read_number(const struct transcript *transcript, const char *name, const char *value)
{
    const struct {
        const char *name;
        const int64_t *number;
    } numbers[] = {
        {"patience.connect", &transcript->patience.connect_ms},
        {"patience.head", &transcript->patience.head_ms},
        {"patience.silence", &transcript->patience.silence_ms},
        {"patience.gap", &transcript->patience.gap_warning_ms},
        {"patience.total", &transcript->patience.total_ms},
        {"patience.continue", &transcript->patience.continue_ms},
        {"patience.stall", &transcript->patience.stall_ms},
        {"third_party.total", &transcript->third_party.total_bytes},
        {"polling.deadline", &transcript->polling.deadline_ms},
        {"polling.first", &transcript->polling.first_ms},
        {"polling.min", &transcript->polling.min_ms},
        {"polling.max", &transcript->polling.max_ms},
        {"polling.outage", &transcript->polling.outage_ms},
        {"upload.outage", &transcript->resumption.outage_ms},
        {"upload.first", &transcript->resumption.first_ms},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(name, numbers[i].name) == 0) {
            *(int64_t *)(uintptr_t)numbers[i].number =
                strcmp(value, "forever") == 0   ? INTERIM_FOREVER
                : strcmp(value, "at-once") == 0 ? INTERIM_AT_ONCE
                                                : strtoll(value, NULL, 10);
            return true;
        }
    return false;
}

static void read_scheme(struct transcript *transcript, const char *value)
{
    transcript->has_scheme = true;
    transcript->scheme = strcmp(value, "basic") == 0    ? INTERIM_SCHEME_BASIC
                         : strcmp(value, "digest") == 0 ? INTERIM_SCHEME_DIGEST
                         : strcmp(value, "bearer") == 0 ? INTERIM_SCHEME_BEARER
                                                        : INTERIM_SCHEME_AUTO;
}

/* The texts of a third-party copy. */
static bool read_third_party(struct transcript *transcript, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = {{"third_party.source", &transcript->third_party.source},
                 {"third_party.authorization", &transcript->third_party.authorization},
                 {"third_party.digest", &transcript->third_party.want_repr_digest},
                 {"third_party.trusted", &transcript->third_party.trusted}};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].text = copy(value);
            return true;
        }
    return false;
}

/* NAME=VALUE: times in ms, or "forever". */
static bool option(struct transcript *transcript, struct source *source, const char *text)
{
    char name[64];
    const char *value = strchr(text, '=');

    if (value == NULL || value - text >= (ptrdiff_t)sizeof name)
        return problem(source, "option NAME=VALUE");
    snprintf(name, sizeof name, "%.*s", (int)(value - text), text);
    value++;
    if (strcmp(name, "patience.rate") == 0)
        transcript->patience.interim_rate = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "patience.burst") == 0)
        transcript->patience.interim_burst = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "upload") == 0) { /* "on" or "careful" */
        transcript->resumes = true;
        transcript->resumption.careful = strcmp(value, "careful") == 0;
    } else if (strcmp(name, "upload.other_origins") == 0)
        transcript->resumption.other_origins = strcmp(value, "yes") == 0;
    else if (strcmp(name, "expect") == 0)
        transcript->expect = strcmp(value, "always") == 0  ? INTERIM_EXPECT_ALWAYS
                             : strcmp(value, "never") == 0 ? INTERIM_EXPECT_NEVER
                                                           : INTERIM_EXPECT_AUTO;
    else if (strcmp(name, "decoding") == 0) { /* "on", or the largest content in bytes */
        transcript->decoding = true;
        transcript->decoded_max = strtoull(value, NULL, 10);
    } else if (strcmp(name, "user") == 0)
        transcript->user = copy(value);
    else if (strcmp(name, "proxy") == 0) /* for both schemes; of the operation layer */
        transcript->proxy = copy(value);
    else if (strcmp(name, "token") == 0)
        transcript->token = copy(value);
    else if (strcmp(name, "fresh_token") == 0)
        transcript->fresh_token = copy(value);
    else if (strcmp(name, "clear_text") == 0)
        transcript->clear_text = strcmp(value, "yes") == 0;
    else if (strcmp(name, "scheme") == 0)
        read_scheme(transcript, value);
    else if (strcmp(name, "password") == 0)
        transcript->password = copy(value);
    else if (strcmp(name, "cancel") == 0) { /* EVENT, or EVENT NUMBER */
        size_t length = strcspn(value, " ");

        transcript->cancel_kind = strndup(value, length);
        transcript->cancel_count =
            value[length] == ' ' ? (unsigned)strtoul(value + length, NULL, 10) : 1;
    } else if (strcmp(name, "body_cap") == 0)
        transcript->body_cap = strtoul(value, NULL, 10);
    else if (!read_third_party(transcript, name, value) && !read_number(transcript, name, value) &&
             (strncmp(name, "polling.", 8) != 0 || !polling_option(transcript, name + 8, value)))
        return problem(source, "there is no such option, or value of it");
    return true;
}

static bool read_statement(struct transcript *transcript, struct source *source, const char *line)
{
    const char *rest;

    if (*line == '\0' || *line == '#')
        return true;
    if ((rest = after(line, "request")) != NULL)
        return read_request(transcript, source, rest);
    if ((rest = after(line, "field")) != NULL)
        return read_field(transcript, source, rest);
    if ((rest = after(line, "body")) != NULL)
        return read_body(transcript, source, rest);
    if ((rest = after(line, "reader")) != NULL)
        return read_reader(transcript, source, rest);
    if ((rest = after(line, "option")) != NULL)
        return option(transcript, source, rest);
    if ((rest = after(line, "layers")) != NULL) {
        put_text(&transcript->layers, " ");
        put_text(&transcript->layers, rest);
        put_text(&transcript->layers, " ");
        return true;
    }
    return problem(source, "this is not understood");
}

static bool read_all(struct transcript *transcript, struct source *source)
{
    interim__buffer asked = {0};
    bool good = true, expected = false;
    const char *line;

    while (good && (line = next(source)) != NULL) {
        if (!is_section(line)) {
            good = read_statement(transcript, source, line);
        } else if (strncmp(line, "server", 6) == 0) {
            good = read_server(transcript, source, &asked);
        } else if (strncmp(line, "asked", 5) == 0) {
            interim__buffer_dispose(&asked);
            read_asked(source, &asked);
        } else {
            expected = true;
            good = read_expect(transcript, source);
        }
    }
    interim__buffer_dispose(&asked);
    if (good && (transcript->method == NULL || transcript->exchange_count == 0 || !expected))
        return problem(source, "there is no request, server or expect");
    return good;
}

struct transcript *transcript_read(const char *path)
{
    FILE *file = fopen(path, "r");
    struct transcript *transcript = calloc(1, sizeof *transcript);
    struct source source = {.path = path};
    const char *slash = strrchr(path, '/');

    if (file == NULL || transcript == NULL) {
        perror(path);
        free(transcript);
        if (file != NULL)
            fclose(file);
        return NULL;
    }
    transcript->name = copy(slash == NULL ? path : slash + 1);
    transcript->patience = (interim_patience)INTERIM_PATIENCE_INIT;
    transcript->polling = (interim_polling)INTERIM_POLLING_INIT;
    transcript->third_party = (interim_third_party)INTERIM_THIRD_PARTY_INIT;
    transcript->resumption = (interim_upload_resumption)INTERIM_UPLOAD_RESUMPTION_INIT;
    if (!read_lines(&source, file) || !read_all(transcript, &source)) {
        transcript_free(transcript);
        transcript = NULL;
    }
    fclose(file);
    free_source(&source);
    return transcript;
}

void transcript_free(struct transcript *transcript)
{
    free(transcript->name);
    interim__buffer_dispose(&transcript->layers);
    free(transcript->method);
    free(transcript->url);
    for (size_t i = 0; i < transcript->field_count; i++) {
        free(transcript->field_names[i]);
        free(transcript->field_values[i]);
    }
    free(transcript->field_names);
    free(transcript->field_values);
    interim__buffer_dispose(&transcript->body);
    for (size_t i = 0; i < transcript->piece_count; i++)
        interim__buffer_dispose(&transcript->pieces[i].bytes);
    free(transcript->pieces);
    free(transcript->user);
    free(transcript->password);
    free(transcript->token);
    free(transcript->fresh_token);
    free(transcript->proxy);
    free((char *)(uintptr_t)transcript->third_party.source);
    free((char *)(uintptr_t)transcript->third_party.authorization);
    free((char *)(uintptr_t)transcript->third_party.want_repr_digest);
    free((char *)(uintptr_t)transcript->third_party.trusted);
    free(transcript->cancel_kind);
    for (size_t i = 0; i < transcript->exchange_count; i++) {
        interim__buffer_dispose(&transcript->exchanges[i].bytes);
        interim__buffer_dispose(&transcript->exchanges[i].asked);
        free(transcript->exchanges[i].actions);
    }
    free(transcript->exchanges);
    interim__buffer_dispose(&transcript->expected);
    free(transcript);
}
