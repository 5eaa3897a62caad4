/* layer.c - what layers share. See layer.h. */
#include "layer.h"

#include <string.h>

size_t cut_next(const struct cut *cut, size_t place, size_t available)
{
    if (cut->kind == CUT_BYTES)
        return available > 0;
    if (cut->kind == CUT_SPLIT && place < cut->at && cut->at - place < available)
        return cut->at - place;
    return available;
}

ptrdiff_t layer_read_body(void *buffer, size_t size, void *user)
{
    struct reading *reading = user;
    const struct piece *piece;
    size_t give;

    if (reading->piece == reading->transcript->piece_count)
        return 0;
    piece = &reading->transcript->pieces[reading->piece];
    if (piece->answer != 0)
        return piece->answer;
    give = piece->bytes.length - reading->given;
    if (give > size)
        give = size;
    memcpy(buffer, piece->bytes.data + reading->given, give);
    reading->given += give;
    if (reading->given == piece->bytes.length) {
        reading->piece++;
        reading->given = 0;
    }
    return (ptrdiff_t)give;
}

int64_t layer_body_length(const struct transcript *transcript)
{
    int64_t length = transcript->reader_is_short ? 10 : 0;

    if (!transcript->length_known)
        return -1;
    for (size_t i = 0; i < transcript->piece_count; i++)
        length += (int64_t)transcript->pieces[i].bytes.length +
                  (transcript->pieces[i].answer != 0 ? 10 : 0);
    return length;
}
