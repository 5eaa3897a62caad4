/* book.c - see book.h. Invariants: an entry is in one of the two rings; what is kept is listed. */
#include "transport/book.h"

#include <interim.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN_NAME_NS INT64_C(5000000000)
#define NO_ANSWER_NS INT64_C(1000000000)

static void ring_init(interim__ring *head)
{
    head->next = head->previous = head;
}

static void ring_put(interim__ring *head, interim__ring *place)
{
    place->previous = head;
    place->next = head->next;
    head->next->previous = place;
    head->next = place;
}

static void ring_take(interim__ring *place)
{
    place->previous->next = place->next;
    place->next->previous = place->previous;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter | 0x20) : letter;
}

static bool is_name_of(const interim__entry *entry, const char *host)
{
    const char *name = entry->host;

    for (; *name != '\0' && *name == lower(*host); name++)
        host++;
    return *name == '\0' && *host == '\0';
}

/* FNV-1a. */
static uint32_t hash_of(const char *host)
{
    uint32_t hash = 2166136261U;

    for (; *host != '\0'; host++)
        hash = (hash ^ (unsigned char)lower(*host)) * 16777619U;
    return hash;
}

static interim__entry **bucket_of(interim__book *book, uint32_t hash)
{
    return &book->buckets[hash % INTERIM__BOOK_BUCKETS];
}

static void unlist(interim__book *book, interim__entry *entry)
{
    if (!entry->listed)
        return;
    for (interim__entry **at = bucket_of(book, entry->hash);; at = &(*at)->same)
        if (*at == entry) {
            *at = entry->same;
            break;
        }
    entry->listed = false;
}

/* Makes it one that cannot be found; freed where it is not in use. */
static void drop(interim__book *book, interim__entry *entry)
{
    unlist(book, entry);
    if (entry->used)
        return;
    book->kept_count--;
    ring_take(&entry->place);
    free(entry->addresses);
    free(entry);
}

void interim__book_init(interim__book *book, int64_t keep_ns)
{
    memset(book, 0, sizeof *book);
    ring_init(&book->kept);
    ring_init(&book->used);
    book->keep_ns = keep_ns;
}

void interim__book_dispose(interim__book *book)
{
    while (book->used.next != &book->used) {
        interim__entry *entry = (interim__entry *)(void *)book->used.next;

        unlist(book, entry);
        interim__book_release(book, entry);
    }
    interim__book_clear(book);
}

static interim__entry *find(interim__book *book, const char *host)
{
    uint32_t hash = hash_of(host);
    interim__entry *entry = *bucket_of(book, hash);

    while (entry != NULL && (entry->hash != hash || !is_name_of(entry, host)))
        entry = entry->same;
    return entry;
}

interim__entry *interim__book_find(interim__book *book, const char *host, int64_t now)
{
    interim__entry *entry = find(book, host);

    if (entry == NULL || entry->used || now < entry->until)
        return entry;
    drop(book, entry);
    return NULL;
}

interim__entry *interim__book_add(interim__book *book, const char *host)
{
    size_t length = strlen(host);
    interim__entry *entry = calloc(1, sizeof *entry + length + 1), **bucket;

    if (entry == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++)
        entry->host[i] = lower(host[i]);
    entry->hash = hash_of(host);
    entry->listed = entry->used = true;
    ring_put(&book->used, &entry->place);
    bucket = bucket_of(book, entry->hash);
    entry->same = *bucket;
    *bucket = entry;
    return entry;
}

void interim__book_use(interim__book *book, interim__entry *entry)
{
    if (entry->used)
        return;
    entry->used = true;
    book->kept_count--;
    ring_take(&entry->place);
    ring_put(&book->used, &entry->place);
}

static int64_t true_for(const interim__book *book, int error, int os_error)
{
    int64_t limit;

    if (error == 0)
        return book->keep_ns;
    if (error != INTERIM_ERESOLVE)
        return 0;
    limit = os_error == EAI_AGAIN || os_error == EAI_FAIL ? NO_ANSWER_NS : UNKNOWN_NAME_NS;
    return book->keep_ns < limit ? book->keep_ns : limit;
}

void interim__book_answer(interim__book *book, interim__entry *entry, int64_t now, int error,
                          int os_error, interim__address *addresses, size_t count)
{
    int64_t keep = true_for(book, error, os_error);

    if (++book->answers == 0)
        book->answers = 1;
    entry->answer = book->answers;
    entry->until = now + keep;
    entry->error = error;
    entry->os_error = os_error;
    entry->addresses = addresses;
    entry->count = count;
    if (keep <= 0)
        unlist(book, entry);
}

void interim__book_release(interim__book *book, interim__entry *entry)
{
    ring_take(&entry->place);
    ring_put(&book->kept, &entry->place);
    entry->used = false;
    book->kept_count++;
    if (!entry->listed || entry->answer == 0)
        drop(book, entry);
    else if (book->kept_count > INTERIM__BOOK_NAMES)
        drop(book, (interim__entry *)(void *)book->kept.previous);
}

static interim__entry *find_answer(interim__book *book, const char *host, uint32_t answer)
{
    interim__entry *entry = answer == 0 ? NULL : find(book, host);

    return entry == NULL || entry->answer != answer ? NULL : entry;
}

void interim__book_note(interim__book *book, const char *host, uint32_t answer,
                        const interim__address *address)
{
    interim__entry *entry = find_answer(book, host, answer);
    bool good = address->standing == INTERIM__STANDING_GOOD;

    for (size_t i = 0; entry != NULL && i < entry->count; i++) {
        interim__address *known = &entry->addresses[i];

        if (interim__address_is_host(known, address))
            known->standing = address->standing;
        else if (good && known->standing == INTERIM__STANDING_GOOD)
            known->standing = INTERIM__STANDING_UNKNOWN;
    }
}

void interim__book_strike(interim__book *book, const char *host, uint32_t answer)
{
    interim__entry *entry = find_answer(book, host, answer);

    if (entry != NULL)
        drop(book, entry);
}

void interim__book_clear(interim__book *book)
{
    for (size_t i = 0; i < INTERIM__BOOK_BUCKETS; i++)
        while (book->buckets[i] != NULL)
            drop(book, book->buckets[i]);
}
