/* runner.c - plays transcripts on the layers of the library and compares the logs.
 *
 *     runner [-l LAYER] [-p] [-v] [-s STRIDE] [FILE ...]
 *
 * Each transcript is played whole, byte by byte, and cut in two at every place; at fewer if it is
 * longer than 4 KiB. Without files: all *.txt of $TRANSCRIPTS. -p prints the log of the
 * transcript played whole, for writing one; -v prints each test; -s looks at every STRIDE-th place
 * only. The last line is `N passed, N failed, N skipped`; a test is a transcript on a layer. */
#include "escapes.h"
#include "layer.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEAR 4096u                     /* bytes in which every place is cut */
#define WORK ((size_t)8 * 1024 * 1024) /* bytes played for one transcript on one layer */
#define LEAST_SPLITS 12                /* the least number of places of a long transcript */
#define FEW_SPLITS 4                   /* of a layer that takes time */

static const struct layer *const layers[] = {&layer_exchange, &layer_operation, &layer_blocking,
                                             &layer_async, &layer_async_poll};

struct run {
    const char *only; /* layer */
    bool print, verbose;
    size_t stride;
    unsigned passed, failed, skipped;
};

/* Whether a layer is to play it. */
static bool is_for(const struct transcript *transcript, const char *layer)
{
    char word[32];

    if (transcript->layers.length == 0)
        return true;
    snprintf(word, sizeof word, " %s ", layer);
    return strstr(transcript->layers.data, word) != NULL;
}

/* All bytes that the server sends. */
static size_t size_of(const struct transcript *transcript)
{
    size_t size = 0;

    for (size_t i = 0; i < transcript->exchange_count; i++)
        size += transcript->exchanges[i].bytes.length;
    return size;
}

/* All bytes of the request's body. */
static size_t sent_size_of(const struct transcript *transcript)
{
    size_t size = transcript->body.length;

    for (size_t i = 0; i < transcript->piece_count; i++)
        size += transcript->pieces[i].bytes.length;
    return size;
}

/* Plays it once; true when the log is what was expected. */
static bool play(const struct layer *layer, const struct transcript *transcript,
                 const struct cut *cut)
{
    static const char *const how[] = {"whole", "byte by byte", "cut in two"};
    interim__buffer problems = {0};
    struct log log = {0};
    bool good;

    layer->play(transcript, cut, &log, &problems);
    log_finish(&log);
    put(&log.text, "", 0);
    good = log_matches(transcript->expected.data, log.text.data) && problems.length == 0;
    if (!good) {
        printf("FAILED: %s, layer %s, %s", transcript->name, layer->label, how[cut->kind]);
        printf(cut->kind == CUT_SPLIT ? " behind %zu bytes\n" : "\n", cut->at);
        if (problems.length > 0)
            printf("    %s", problems.data);
        log_print_difference(transcript->expected.data, log.text.data);
    }
    log_dispose(&log);
    interim__buffer_dispose(&problems);
    return good;
}

/* From one place to the next: 1 where that is not too much work. */
static size_t stride_at(size_t place, size_t size, size_t work)
{
    size_t plays = WORK / work < LEAST_SPLITS ? LEAST_SPLITS : WORK / work;

    if (plays >= size)
        return 1;
    return (place < NEAR ? (size < NEAR ? size : NEAR) : size - NEAR) / (plays / 2) + 1;
}

static bool play_splits(const struct layer *layer, const struct transcript *transcript,
                        size_t stride)
{
    size_t size = size_of(transcript), work = size + sent_size_of(transcript), step;

    for (size_t at = 0; at < size; at += step) {
        if (at > 0 && !play(layer, transcript, &(struct cut){CUT_SPLIT, at}))
            return false;
        step = layer->thorough ? stride * stride_at(at, size, work) : size / FEW_SPLITS + 1;
    }
    return true;
}

static void play_all(struct run *run, const struct layer *layer,
                     const struct transcript *transcript)
{
    bool good = play(layer, transcript, &(struct cut){CUT_WHOLE, 0}) &&
                play(layer, transcript, &(struct cut){CUT_BYTES, 0}) &&
                play_splits(layer, transcript, run->stride);

    run->passed += good;
    run->failed += !good;
    if (run->verbose && good)
        printf("ok: %s, layer %s\n", transcript->name, layer->label);
}

static void print(const struct layer *layer, const struct transcript *transcript)
{
    interim__buffer problems = {0};
    struct log log = {0};

    layer->play(transcript, &(struct cut){CUT_WHOLE, 0}, &log, &problems);
    log_finish(&log);
    put(&log.text, "", 0);
    put(&problems, "", 0);
    printf("---- %s, layer %s\n%s%s", transcript->name, layer->label, log.text.data, problems.data);
    log_dispose(&log);
    interim__buffer_dispose(&problems);
}

static void run_file(struct run *run, const char *path)
{
    struct transcript *transcript = transcript_read(path);

    if (transcript == NULL) {
        run->failed++;
        return;
    }
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        const struct layer *layer = layers[i];

        if (run->only != NULL && strcmp(run->only, layer->name) != 0)
            continue;
        if (!layer->can(transcript) || !is_for(transcript, layer->name))
            continue;
        if (run->print)
            print(layer, transcript);
        else
            play_all(run, layer, transcript);
        fflush(stdout);
    }
    transcript_free(transcript);
}

static int is_transcript(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

static void run_directory(struct run *run, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_transcript, alphasort);

    if (count <= 0) {
        printf("FAILED: there are no transcripts in %s\n", path);
        run->failed++;
        return;
    }
    for (int i = 0; i < count; i++) {
        interim__buffer file = {0};

        put_format(&file, "%s/%s", path, entries[i]->d_name);
        run_file(run, file.data);
        interim__buffer_dispose(&file);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    const char *directory = getenv("TRANSCRIPTS");
    struct run run = {.stride = 1};
    int option;

    while ((option = getopt(argc, argv, "l:pvs:")) != -1)
        switch (option) {
        case 'l':
            run.only = optarg;
            break;
        case 'p':
            run.print = true;
            break;
        case 'v':
            run.verbose = true;
            break;
        case 's':
            run.stride = strtoul(optarg, NULL, 10);
            break;
        default:
            fputs("usage: runner [-l LAYER] [-p] [-v] [-s STRIDE] [FILE ...]\n", stderr);
            return 2;
        }
    for (int i = optind; i < argc; i++)
        run_file(&run, argv[i]);
    if (optind == argc)
        run_directory(&run, directory == NULL ? "tests/transcripts" : directory);
    printf("%u passed, %u failed, %u skipped\n", run.passed, run.failed, run.skipped);
    return run.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
