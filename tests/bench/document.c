/* document.c - what it costs to read a status document of 1 KiB: CPU time, the least and the median
 * of many readings timed one by one. It measures and asserts nothing but that the document is
 * understood; README.md tells how instructions are counted.
 *
 *     document [KIND [COUNT]]   one kind; without arguments both, 20,000 times each
 *
 * KIND is `steps`, many small objects, or `task`, a Task of Redfish. */
#include "operation/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIZE 1024
#define COUNT 20000

/* A document is its start, then parts of a list as far as they fit, then its end. */
typedef struct sample {
    const char *name, *start, *part, *end;
} sample;

static const sample samples[] = {
    {"steps",
     "{\"status\":\"Running\",\"percentComplete\":37.5,\"id\":\"7\","
     "\"createdDateTime\":\"2026-01-01T00:00:00Z\",\"steps\":[{\"name\":\"none\"}",
     ",{\"name\":\"copy\",\"count\":12345,\"done\":true}", "]}"},
    {"task",
     "{\"@odata.type\":\"#Task.v1_4_3.Task\",\"@odata.id\":\"/redfish/v1/TaskService/Tasks/545\","
     "\"Id\":\"545\",\"Name\":\"Task 545\",\"TaskState\":\"Running\",\"TaskStatus\":\"OK\","
     "\"PercentComplete\":37,\"StartTime\":\"2026-01-01T00:00:00+00:00\",\"HidePayload\":true,"
     "\"TaskMonitor\":\"/redfish/v1/TaskService/TaskMonitors/545\",\"Messages\":[{}",
     ",{\"MessageId\":\"Update.1.0.TransferringToComponent\",\"Severity\":\"OK\","
     "\"Message\":\"Image 'fw-4.2.bin' is being transferred to 'bmc-1'.\","
     "\"MessageArgs\":[\"fw-4.2.bin\",\"bmc-1\"]}",
     "]}"},
};

#define SAMPLES (sizeof samples / sizeof *samples)

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "document: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Blanks before the end fill it up to SIZE. */
static void write_document(char *text, const sample *kind)
{
    size_t length = strlen(kind->start), part = strlen(kind->part), end = strlen(kind->end);

    memset(text, ' ', SIZE);
    memcpy(text, kind->start, length);
    for (; length + part + end <= SIZE; length += part)
        memcpy(text + length, kind->part, part);
    memcpy(text + SIZE - end, kind->end, end);
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

static void measure(const sample *kind, size_t count)
{
    double *took = calloc(count, sizeof *took);
    interim__document document = {0};
    interim__progress progress;
    char text[SIZE];

    must(took != NULL, "out of memory");
    write_document(text, kind);
    for (size_t i = 0; i < count; i++) {
        double begun = cpu_us();

        interim__progress_init(&progress);
        must(interim__document_read(&document, &progress, text, SIZE, NULL) &&
                 document.word == INTERIM__WORD_RUNNING,
             "it is not understood");
        took[i] = cpu_us() - begun;
    }
    qsort(took, count, sizeof *took, by_value);
    printf("document kind=%s bytes=%d count=%zu least_us=%.1f median_us=%.1f\n", kind->name, SIZE,
           count, took[0], took[count / 2]);
    interim__document_dispose(&document);
    free(took);
}

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : COUNT, ran = 0;

    must(count > 0, "COUNT is a number from 1 on");
    for (size_t i = 0; i < SAMPLES; i++) {
        if (argc > 1 && strcmp(argv[1], samples[i].name) != 0)
            continue;
        measure(&samples[i], count);
        ran++;
    }
    must(ran > 0, "there is no such document");
    return EXIT_SUCCESS;
}
