/* document.c - what it costs to read a status document of 1 KiB: CPU time, the least and the median
 * of many readings timed one by one. It measures and asserts nothing but that the document is
 * understood; README.md tells how instructions are counted.
 *
 *     document [COUNT]          20,000 */
#include "operation/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIZE 1024

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "document: %s\n", what);
    exit(EXIT_FAILURE);
}

static void write_document(char *text)
{
    static const char start[] = "{\"status\":\"Running\",\"percentComplete\":37.5,\"id\":\"7\","
                                "\"createdDateTime\":\"2026-01-01T00:00:00Z\",\"steps\":[";
    static const char step[] = "{\"name\":\"copy\",\"count\":12345,\"done\":true},";
    size_t length = sizeof start - 1;

    memcpy(text, start, length);
    for (; length + sizeof step + 2 < SIZE; length += sizeof step - 1)
        memcpy(text + length, step, sizeof step - 1);
    memset(text + length - 1, ' ', SIZE - length + 1);
    memcpy(text + SIZE - 2, "]}", 2);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    double *took = calloc(count + 1, sizeof *took);
    interim__document document = {0};
    interim__progress progress;
    char text[SIZE + 1];

    must(took != NULL && count > 0, "COUNT");
    write_document(text);
    for (size_t i = 0; i < count; i++) {
        double begun = cpu_us();

        interim__progress_init(&progress);
        must(interim__document_read(&document, &progress, text, SIZE, NULL) &&
                 document.word == INTERIM__WORD_RUNNING,
             "it is not understood");
        took[i] = cpu_us() - begun;
    }
    qsort(took, count, sizeof *took, by_value);
    printf("document bytes=%d count=%zu least_us=%.1f median_us=%.1f\n", SIZE, count, took[0],
           took[count / 2]);
    interim__document_dispose(&document);
    free(took);
    return EXIT_SUCCESS;
}
