/* endpoint.c - see endpoint.h. */
#include "transport/endpoint.h"

#include <stdlib.h>
#include <string.h>

/* Its strings: the first is the owner of the block. */
static const unsigned char strings[] = {
    offsetof(interim__endpoint, host),        offsetof(interim__endpoint, proxy_host),
    offsetof(interim__endpoint, proxy_user),  offsetof(interim__endpoint, proxy_password),
    offsetof(interim__endpoint, socket_path), offsetof(interim__endpoint, dial_host),
    offsetof(interim__endpoint, local),
};

static const char **string_of(const interim__endpoint *endpoint, size_t i)
{
    return (const char **)((uintptr_t)endpoint + strings[i]);
}

size_t interim__endpoint_texts_size(const interim__endpoint *endpoint)
{
    size_t size = 0;

    for (size_t i = 0; i < sizeof strings; i++) {
        const char *text = *string_of(endpoint, i);

        if (text != NULL)
            size += strlen(text) + 1;
    }
    return size;
}

void interim__endpoint_copy_to(interim__endpoint *out, const interim__endpoint *from, char *texts)
{
    *out = *from;
    for (size_t i = 0; i < sizeof strings; i++) {
        const char **text = string_of(out, i);
        size_t size = *text == NULL ? 0 : strlen(*text) + 1;

        if (size > 0)
            *text = memcpy(texts, *text, size);
        texts += size;
    }
}

bool interim__endpoint_copy(interim__endpoint *out, const interim__endpoint *from)
{
    char *texts = malloc(interim__endpoint_texts_size(from));

    *out = (interim__endpoint){0};
    if (texts == NULL)
        return false;
    interim__endpoint_copy_to(out, from, texts);
    return true;
}

void interim__endpoint_forget(interim__endpoint *endpoint)
{
    if (endpoint->proxy_password != NULL)
        explicit_bzero((char *)(uintptr_t)endpoint->proxy_password,
                       strlen(endpoint->proxy_password));
}

void interim__endpoint_dispose(interim__endpoint *endpoint)
{
    interim__endpoint_forget(endpoint);
    free((char *)(uintptr_t)endpoint->host);
    *endpoint = (interim__endpoint){0};
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_proxy(const interim__endpoint *a, const interim__endpoint *b)
{
    return a->proxy_port == b->proxy_port && same_text(a->proxy_host, b->proxy_host) &&
           same_text(a->proxy_user, b->proxy_user) &&
           same_text(a->proxy_password, b->proxy_password);
}

bool interim__endpoint_same_way(const interim__endpoint *a, const interim__endpoint *b)
{
    return a->port == b->port && a->tls == b->tls && a->via == b->via &&
           a->dial_port == b->dial_port && same_text(a->host, b->host) &&
           same_text(a->dial_host, b->dial_host) && same_text(a->socket_path, b->socket_path) &&
           same_text(a->local, b->local) && (a->via == INTERIM__VIA_NOTHING || same_proxy(a, b));
}

/* Where the way ends, seen from here or from a proxy. */
const char *interim__endpoint_final_host(const interim__endpoint *endpoint)
{
    return endpoint->dial_host == NULL ? endpoint->host : endpoint->dial_host;
}

uint16_t interim__endpoint_final_port(const interim__endpoint *endpoint)
{
    return endpoint->dial_host == NULL ? endpoint->port : endpoint->dial_port;
}
