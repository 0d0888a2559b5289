/* The least that packing a tree can cost: every distinct block of its files compressed from memory
 * and thrown away. Nothing is read, looked for, laid out or written in the time that counts.
 *
 *     limit LEVEL BLOCK-SIZE THREADS TREE...
 *
 * Whole blocks of a file and, of what is left behind them, blocks filled up from many files, as in a
 * squashfs; equal files once; blocks of zeros not at all. Prints CPU seconds of all threads, wall
 * seconds, and bytes before and after. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

struct block {
    char *bytes;
    size_t size;
};

static size_t block_size;
static int level;
static struct block *blocks;
static size_t block_count, block_room;
static struct block tails;
static XXH128_hash_t *seen;
static size_t seen_count, seen_room;
static atomic_size_t next_block;
static atomic_size_t packed_bytes;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *room(void *list, size_t count, size_t *have, size_t size) {
    if (count < *have) return list;
    *have = *have ? *have * 2 : 1 << 16;
    list = realloc(list, *have * size);
    if (!list) fail("realloc");
    return list;
}

static void add(char *bytes, size_t size) {
    if (size == block_size && bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0) return;
    blocks = room(blocks, block_count, &block_room, sizeof *blocks);
    blocks[block_count++] = (struct block){bytes, size};
}

static void add_tail(const char *bytes, size_t size) {
    if (tails.size + size > block_size) {
        add(tails.bytes, tails.size);
        tails = (struct block){0};
    }
    if (!tails.bytes && !(tails.bytes = malloc(block_size))) fail("malloc");
    memcpy(tails.bytes + tails.size, bytes, size);
    tails.size += size;
}

/* Open addressing; the table is made large enough at the start. */
static int is_new(XXH128_hash_t hash) {
    size_t at = hash.low64 % seen_room;
    while (seen[at].low64 || seen[at].high64) {
        if (XXH128_isEqual(seen[at], hash)) return 0;
        at = (at + 1) % seen_room;
    }
    if (++seen_count * 2 > seen_room) fail("too many files");
    seen[at] = hash;
    return 1;
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)walk;
    if (kind != FTW_F || !S_ISREG(status->st_mode) || status->st_size == 0) return 0;
    size_t size = status->st_size;
    char *bytes = malloc(size);
    int file = open(path, O_RDONLY);
    if (!bytes || file < 0) fail(path);
    for (size_t done = 0; done < size;) {
        ssize_t count = read(file, bytes + done, size - done);
        if (count <= 0) fail(path);
        done += count;
    }
    close(file);
    if (!is_new(XXH3_128bits(bytes, size))) {
        free(bytes);
        return 0;
    }
    size_t whole = size / block_size * block_size;
    for (size_t at = 0; at < whole; at += block_size) add(bytes + at, block_size);
    if (size > whole) add_tail(bytes + whole, size - whole);
    if (!whole) free(bytes);
    return 0;
}

static void *compress(void *unused) {
    (void)unused;
    size_t size = ZSTD_compressBound(block_size);
    char *packed = malloc(size);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (!packed || !context) fail("malloc");
    for (size_t at; (at = next_block++) < block_count;) {
        size_t count = ZSTD_compressCCtx(
            context, packed, size, blocks[at].bytes, blocks[at].size, level);
        if (ZSTD_isError(count)) fail("ZSTD_compressCCtx");
        packed_bytes += count < blocks[at].size ? count : blocks[at].size;
    }
    ZSTD_freeCCtx(context);
    free(packed);
    return NULL;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: limit LEVEL BLOCK-SIZE THREADS TREE...\n");
        return 64;
    }
    level = atoi(argv[1]);
    block_size = strtoul(argv[2], NULL, 10);
    int threads = atoi(argv[3]);
    seen_room = 1 << 21;
    if (!(seen = calloc(seen_room, sizeof *seen))) fail("calloc");
    for (int i = 4; i < argc; i++)
        if (nftw(argv[i], visit, 64, FTW_PHYS)) fail(argv[i]);
    if (tails.size) add(tails.bytes, tails.size);
    size_t bytes = 0;
    for (size_t i = 0; i < block_count; i++) bytes += blocks[i].size;

    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    pthread_t workers[threads];
    for (int i = 0; i < threads; i++)
        if (pthread_create(&workers[i], NULL, compress, NULL)) fail("pthread_create");
    for (int i = 0; i < threads; i++) pthread_join(workers[i], NULL);
    printf("%.4f %.4f %zu %zu\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           seconds(CLOCK_MONOTONIC) - wall, bytes, (size_t)packed_bytes);
    return 0;
}
