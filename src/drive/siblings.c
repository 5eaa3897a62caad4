/* siblings.c - see siblings.h. A table of chains that doubles. */
#include "drive/siblings.h"

#include <stdlib.h>
#include <string.h>

#define CHAINS_MIN 64

/* Eight bytes a step. A bit of theirs reaches those above it, and then the lowest, by which a chain
 * is chosen, in the next step. */
static uint64_t mix(uint64_t key, uint64_t eight)
{
    key = (key ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 32;
}

uint64_t interim__siblings_key(const char *url)
{
    size_t left = strlen(url);
    uint64_t key = left, eight = 0;

    for (; left >= sizeof eight; url += sizeof eight, left -= sizeof eight) {
        memcpy(&eight, url, sizeof eight);
        key = mix(key, eight);
    }
    eight = 0;
    memcpy(&eight, url, left);
    return mix(mix(key, eight), 0);
}

static void insert(interim__siblings *table, interim__sibling *sibling)
{
    interim__sibling **chain = &table->chains[sibling->key & (table->chain_count - 1)];

    sibling->next = *chain;
    sibling->link = chain;
    if (*chain != NULL)
        (*chain)->link = &sibling->next;
    *chain = sibling;
}

static bool grow(interim__siblings *table)
{
    interim__siblings larger = {.count = table->count};

    larger.chain_count = table->chain_count == 0 ? CHAINS_MIN : table->chain_count * 2;
    larger.chains = calloc(larger.chain_count, sizeof *larger.chains);
    if (larger.chains == NULL)
        return false;
    for (size_t i = 0; i < table->chain_count; i++)
        for (interim__sibling *at = table->chains[i], *next; at != NULL; at = next) {
            next = at->next;
            insert(&larger, at);
        }
    free(table->chains);
    *table = larger;
    return true;
}

void interim__siblings_dispose(interim__siblings *table)
{
    free(table->chains);
    *table = (interim__siblings){0};
}

void interim__siblings_put(interim__siblings *table, interim__sibling *sibling, uint64_t key)
{
    if (sibling->link != NULL && sibling->key == key)
        return;
    interim__siblings_take(table, sibling);
    if (table->count >= table->chain_count && !grow(table) && table->chain_count == 0)
        return;
    sibling->key = key;
    insert(table, sibling);
    table->count++;
}

void interim__siblings_take(interim__siblings *table, interim__sibling *sibling)
{
    if (sibling->link == NULL)
        return;
    *sibling->link = sibling->next;
    if (sibling->next != NULL)
        sibling->next->link = sibling->link;
    *sibling = (interim__sibling){0};
    table->count--;
}

static interim__sibling *find(interim__sibling *at, uint64_t key)
{
    while (at != NULL && at->key != key)
        at = at->next;
    return at;
}

interim__sibling *interim__siblings_first(const interim__siblings *table, uint64_t key)
{
    if (table->chain_count == 0)
        return NULL;
    return find(table->chains[key & (table->chain_count - 1)], key);
}

interim__sibling *interim__siblings_next(const interim__sibling *sibling)
{
    return find(sibling->next, sibling->key);
}
