/* due.c - a binary heap by time. */
#include "due.h"
#include "answers.h"

#include <stddef.h>
#include <stdlib.h>

static struct due **heap; /* from 1 on */
static int length, capacity;

static void put(int place, struct due *due)
{
    heap[place] = due;
    due->place = place;
}

static void rise(struct due *due)
{
    int i = due->place;

    for (; i > 1 && heap[i / 2]->at > due->at; i /= 2)
        put(i, heap[i / 2]);
    put(i, due);
}

static void sink(struct due *due)
{
    int i = due->place, next;

    for (; (next = 2 * i) <= length; i = next) {
        if (next < length && heap[next + 1]->at < heap[next]->at)
            next++;
        if (heap[next]->at >= due->at)
            break;
        put(i, heap[next]);
    }
    put(i, due);
}

void due_set(struct due *due, uint64_t at)
{
    due->at = at;
    if (!due->place) {
        if (length + 1 >= capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            heap = need(realloc(heap, (size_t)capacity * sizeof *heap));
        }
        put(++length, due);
    }
    rise(due);
    sink(due);
}

void due_clear(struct due *due)
{
    struct due *last;
    int place = due->place;

    if (!place)
        return;
    due->place = 0;
    last = heap[length--];
    if (last == due)
        return;
    put(place, last);
    rise(last);
    sink(last);
}

struct due *due_first(void)
{
    return length ? heap[1] : NULL;
}
