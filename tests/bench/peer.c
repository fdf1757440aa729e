/* The limit of the machine, measured: a peer that speaks just enough DICOM to be timed with, with nothing else to do.

   peer serve PDU MATCHES             accepts everything, throws data sets away; prints the port it listens on
   peer open HOST PORT COUNT          associations opened and released, one after the other
   peer echo HOST PORT COUNT WINDOW   C-ECHO round trips on one association, WINDOW of them outstanding
   peer store HOST PORT PDU COUNT SIZE  C-STORE of SIZE bytes from memory, one writev for up to 1,024 buffers

   The users print the seconds of their work, without the association's own opening where that is not the work.

   Processes forked beforehand serve one connection after the other, so that opening one costs its user no fork here;
   when the last idle one has taken a connection another is forked, so that any number is served at once. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RQ = 1, AC = 2, DATA = 4, RELEASE_RQ = 5, RELEASE_RP = 6, ABORT = 7 };
enum { ROOM = 1 << 21, SMALL = 4096, FRAGMENTS = 512, SERVERS = 4 };
static const char APPLICATION[] = "1.2.840.10008.3.1.1.1", IMPLICIT[] = "1.2.840.10008.1.2";
static const char EXPLICIT[] = "1.2.840.10008.1.2.1", VERIFICATION[] = "1.2.840.10008.1.1";
static const char QUERIES[] = "1.2.840.10008.5.1.4.1.2.";
static const char CT_IMAGE[] = "1.2.840.10008.5.1.4.1.1.2", IMPLEMENTATION[] = "2.25.1";

typedef struct { uint8_t bytes[SMALL]; size_t size; } Text;
typedef struct { int socket; uint8_t *bytes; size_t start, end, most; } Stream; /* most: the peer's Maximum Length */

static void die(const char *what) { perror(what); exit(1); }
static uint32_t big(const uint8_t *p, int n) { uint32_t v = 0; while (n--) v = v << 8 | *p++; return v; }
static uint32_t little(const uint8_t *p, int n) { uint32_t v = 0; while (n--) v = v << 8 | p[n]; return v; }
static void put_big(uint8_t *p, uint32_t v, int n) { while (n--) { p[n] = v; v >>= 8; } }
static void put_little(uint8_t *p, uint32_t v, int n) { for (int i = 0; i < n; i++) { p[i] = v; v >>= 8; } }
static void add(Text *t, const void *from, size_t n) { memcpy(t->bytes + t->size, from, n); t->size += n; }

static void item(Text *t, int type, const void *value, size_t size) {
    uint8_t head[4] = {type, 0};
    put_big(head + 2, size, 2);
    add(t, head, 4);
    add(t, value, size);
}

static void element(Text *t, int number, const void *value, size_t size) {
    uint8_t head[8] = {0};
    put_little(head + 2, number, 2);
    put_little(head + 4, size, 4);
    add(t, head, 8);
    add(t, value, size);
}

static void number(Text *t, int tag, uint32_t value, int size) {
    uint8_t bytes[4];
    put_little(bytes, value, size);
    element(t, tag, bytes, size);
}

static void uid(Text *t, int tag, const void *value, size_t size) {
    char padded[66] = {0};
    memcpy(padded, value, size > 64 ? 64 : size);
    element(t, tag, padded, (size + 1) & ~1u);
}

static void finish_command(Text *t) { put_little(t->bytes + 8, t->size - 12, 4); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void write_all(int socket, struct iovec *v, int count) {
    while (count) {
        ssize_t n = writev(socket, v, count > 1024 ? 1024 : count);
        if (n < 0) die("writev");
        for (; count && (size_t)n >= v->iov_len; v++, count--) n -= v->iov_len;
        if (count) { v->iov_base = (char *)v->iov_base + n; v->iov_len -= n; }
    }
}

static void send_text(int socket, Text *t) {
    struct iovec one = {t->bytes, t->size};
    write_all(socket, &one, 1);
}

static void pdu(Text *t, int type) { uint8_t head[6] = {type}; t->size = 0; add(t, head, 6); }
static void end_pdu(Text *t, size_t from) { put_big(t->bytes + from + 2, t->size - from - 6, 4); }

/* A whole message in one or two P-DATA-TF, added to what is to be sent. */
static void message(Text *t, int context, const Text *command, const Text *data) {
    for (int part = 0; part < (data ? 2 : 1); part++) {
        const Text *of = part ? data : command;
        uint8_t head[12] = {DATA};
        put_big(head + 2, of->size + 6, 4);
        put_big(head + 6, of->size + 2, 4);
        head[10] = context;
        head[11] = part ? 2 : 3;
        add(t, head, 12);
        add(t, of->bytes, of->size);
    }
}

/* The next whole PDU; NULL at the end of the stream. */
static uint8_t *next_pdu(Stream *s, size_t *size) {
    for (;;) {
        size_t have = s->end - s->start;
        if (have >= 6) {
            *size = 6 + (size_t)big(s->bytes + s->start + 2, 4);
            if (*size > ROOM) { fprintf(stderr, "PDU too long\n"); exit(1); }
            if (have >= *size) { s->start += *size; return s->bytes + s->start - *size; }
        }
        if (s->start && (s->start == s->end || s->start > ROOM / 2 || s->end == ROOM)) {
            memmove(s->bytes, s->bytes + s->start, have);
            s->start = 0;
            s->end = have;
        }
        ssize_t n = read(s->socket, s->bytes + s->end, ROOM - s->end);
        if (n <= 0) return NULL;
        int on = 1;
        setsockopt(s->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
        s->end += n;
    }
}

static void user_information(Text *t, uint32_t pdu_length, int window) {
    Text u = {.size = 0};
    uint8_t length[4];
    put_big(length, pdu_length, 4);
    item(&u, 0x51, length, 4);
    item(&u, 0x52, IMPLEMENTATION, strlen(IMPLEMENTATION));
    if (window) item(&u, 0x53, "\0\0\0\0", 4); /* unlimited, both ways */
    item(t, 0x50, u.bytes, u.size);
}

static void fixed_part(Text *t) {
    uint8_t fixed[68] = {0, 1};
    memset(fixed + 4, ' ', 32);
    memcpy(fixed + 4, "ANY-SCP", 7);
    memcpy(fixed + 20, "LIMIT", 5);
    add(t, fixed, 68);
    item(t, 0x10, APPLICATION, strlen(APPLICATION));
}

/* ---- provider */

static void accept_all(int socket, const uint8_t *rq, size_t size, uint32_t pdu_length) {
    static Text t;
    pdu(&t, AC);
    fixed_part(&t);
    memcpy(t.bytes + 10, rq + 10, 32);
    int window = 0;
    for (size_t at = 74; at + 4 <= size; at += 4 + big(rq + at + 2, 2)) {
        if (rq[at] == 0x50)
            for (size_t sub = at + 4; sub + 4 <= size; sub += 4 + big(rq + sub + 2, 2)) window |= rq[sub] == 0x53;
        if (rq[at] != 0x20) continue;
        Text c = {.size = 0};
        const uint8_t head[4] = {rq[at + 4], 0, 0, 0};
        add(&c, head, 4);
        const uint8_t *sub = rq + at + 8;
        int query = !memcmp(sub + 4, QUERIES, strlen(QUERIES)); /* matches are in Implicit VR, whatever comes first */
        const uint8_t *end = rq + at + 4 + big(rq + at + 2, 2), *chosen = sub += 4 + big(sub + 2, 2);
        for (; query && sub + 4 <= end; sub += 4 + big(sub + 2, 2))
            if (big(sub + 2, 2) == strlen(IMPLICIT) && !memcmp(sub + 4, IMPLICIT, strlen(IMPLICIT))) chosen = sub;
        item(&c, 0x40, chosen + 4, big(chosen + 2, 2));
        item(&t, 0x21, c.bytes, c.size);
    }
    user_information(&t, pdu_length, window);
    end_pdu(&t, 0);
    send_text(socket, &t);
}

static void answer(int socket, int context, const Text *rq, int matches) {
    uint32_t field = 0, id = 0;
    const uint8_t *klass = NULL, *instance = NULL;
    size_t klass_size = 0, instance_size = 0;
    for (size_t at = 0; at + 8 <= rq->size; at += 8 + little(rq->bytes + at + 4, 4)) {
        const uint8_t *value = rq->bytes + at + 8;
        size_t size = little(rq->bytes + at + 4, 4);
        switch (little(rq->bytes + at + 2, 2)) {
            case 0x0002: klass = value; klass_size = size; break;
            case 0x0100: field = little(value, 2); break;
            case 0x0110: id = little(value, 2); break;
            case 0x1000: instance = value; instance_size = size; break;
        }
    }
    static Text out, c, match;
    if (!match.size) { /* Implicit VR: ten attributes of one study */
        static const uint32_t tags[] = {0x00080020, 0x00080050, 0x00080052, 0x00080054, 0x00080061, 0x00081030,
                                        0x00100010, 0x00100020, 0x00100030, 0x0020000d, 0x00200010};
        static const char *values[] = {"20240102", "A1234567", "STUDY ", "ARCHIVE ", "CT\\MR ", "Abdomen with contrast ",
                                       "Doe^Jane^Middle ", "P-0000001 ", "19700101", "1.2.826.0.1.3680043.8.498.12345 ",
                                       "1 "};
        for (int i = 0; i < 11; i++) {
            uint8_t head[8];
            put_little(head, tags[i] >> 16, 2);
            put_little(head + 2, tags[i], 2);
            size_t size = strlen(values[i]) & ~1u; /* every value has a spare blank at its end */
            put_little(head + 4, size, 4);
            add(&match, head, 8);
            add(&match, values[i], size);
        }
    }
    out.size = 0;
    for (int left = field == 0x0020 ? matches : 0; left >= 0; left--) {
        c.size = 0;
        number(&c, 0, 0, 4);
        uid(&c, 0x0002, klass, klass_size);
        number(&c, 0x0100, field | 0x8000, 2);
        number(&c, 0x0120, id, 2);
        number(&c, 0x0800, left ? 1 : 0x0101, 2);
        number(&c, 0x0900, left ? 0xFF00 : 0, 2);
        if (instance) uid(&c, 0x1000, instance, instance_size);
        finish_command(&c);
        message(&out, context, &c, left ? &match : NULL);
        if (!left || out.size > SMALL - 1024) { send_text(socket, &out); out.size = 0; }
    }
}

static void serve_one(int socket, uint8_t *room, uint32_t pdu_length, int matches) {
    Stream s = {.socket = socket, .bytes = room};
    static Text command;
    uint8_t *p;
    size_t size;
    command.size = 0; /* the connection before may have ended in the middle of one */
    while ((p = next_pdu(&s, &size))) {
        if (p[0] == RQ) accept_all(socket, p, size, pdu_length);
        else if (p[0] == RELEASE_RQ) {
            static Text t;
            pdu(&t, RELEASE_RP);
            add(&t, "\0\0\0\0", 4);
            end_pdu(&t, 0);
            send_text(socket, &t);
        } else if (p[0] != DATA) break;
        else for (size_t at = 6; at < size; at += 4 + big(p + at, 4)) {
            int control = p[at + 5], whole = control == 2;
            if (control & 1) {
                add(&command, p + at + 6, big(p + at, 4) - 2);
                whole = (control & 2) && little(command.bytes + command.size - 2, 2) == 0x0101;
                for (size_t e = 0; (control & 2) && e + 8 <= command.size; e += 8 + little(command.bytes + e + 4, 4))
                    if (little(command.bytes + e + 2, 2) == 0x0800)
                        whole = little(command.bytes + e + 8, 2) == 0x0101;
            }
            if (whole) { answer(socket, p[at + 4], &command, matches); command.size = 0; }
        }
    }
}

/* One of the processes that serve. idle: how many wait for a connection. more: a byte has another one forked. */
static void serve_each(int listening, atomic_int *idle, int more, uint32_t pdu_length, int matches) {
    int on = 1;
    uint8_t *room = malloc(ROOM);
    for (;;) {
        int s = accept(listening, NULL, NULL);
        if (s < 0) continue;
        if (atomic_fetch_sub(idle, 1) == 1 && write(more, "", 1) != 1) die("write");
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        serve_one(s, room, pdu_length, matches);
        atomic_fetch_add(idle, 1);
        close(s); /* whoever sees that and calls again finds one idle */
    }
}

static void end_all(int signal_number) {
    signal(signal_number, SIG_IGN);
    kill(0, signal_number);
    while (wait(NULL) > 0) continue; /* fails when there are none left */
    _exit(0);
}

static void serve(uint32_t pdu_length, int matches) {
    int listening = socket(AF_INET, SOCK_STREAM, 0), more[2];
    pid_t parent = getpid();
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    if (bind(listening, (void *)&a, sizeof a) || listen(listening, 128)) die("listen");
    getsockname(listening, (void *)&a, &size);
    atomic_int *idle = mmap(NULL, sizeof *idle, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (idle == MAP_FAILED || pipe(more)) die("serve");
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGTERM, end_all);
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    char asked;
    for (int left = SERVERS; left > 0 || read(more[0], &asked, 1) == 1; left--) {
        atomic_fetch_add(idle, 1);
        pid_t made = fork();
        if (made < 0) die("fork");
        if (made) continue;
        signal(SIGTERM, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* none outlives the one that is ended */
        if (getppid() != parent) exit(1);
        close(more[0]);
        serve_each(listening, idle, more[1], pdu_length, matches);
    }
}

/* ---- users */

static Stream connected(const char *host, int port, const char *klass, const char *syntax, uint32_t pdu_length,
                        int window) {
    int on = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &a.sin_addr);
    if (connect(s, (void *)&a, sizeof a)) die("connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    static uint8_t *room;
    room = room ? room : malloc(ROOM);
    Stream stream = {.socket = s, .bytes = room};
    static Text t;
    pdu(&t, RQ);
    fixed_part(&t);
    Text c = {.size = 0};
    const uint8_t head[4] = {1, 0, 0, 0};
    add(&c, head, 4);
    item(&c, 0x30, klass, strlen(klass));
    item(&c, 0x40, syntax, strlen(syntax));
    item(&t, 0x20, c.bytes, c.size);
    user_information(&t, pdu_length, window);
    end_pdu(&t, 0);
    send_text(s, &t);
    size_t size;
    uint8_t *p = next_pdu(&stream, &size);
    if (!p || p[0] != AC) { fprintf(stderr, "not accepted\n"); exit(1); }
    for (size_t at = 74; at + 4 <= size; at += 4 + big(p + at + 2, 2))
        for (size_t sub = at + 4; p[at] == 0x50 && sub + 8 <= size; sub += 4 + big(p + sub + 2, 2))
            if (p[sub] == 0x51) stream.most = big(p + sub + 4, 4);
    return stream;
}

static void released(Stream *s) {
    static Text t;
    pdu(&t, RELEASE_RQ);
    add(&t, "\0\0\0\0", 4);
    end_pdu(&t, 0);
    send_text(s->socket, &t);
    size_t size;
    next_pdu(s, &size);
    close(s->socket);
}

static void await_response(Stream *s) {
    size_t size;
    uint8_t *p = next_pdu(s, &size);
    if (!p || p[0] != DATA) { fprintf(stderr, "no response\n"); exit(1); }
}

static int instance_uid(char *name, int id) { return sprintf(name, "1.2.826.0.1.3680043.8.498.%d", 100000 + id); }

/* How an instance begins, so that a receiver that looks finds its UIDs; pixels follow. Explicit VR Little Endian. */
static void instance_head(uint8_t *data, size_t size, int id) {
    char name[64];
    Text t = {.size = 0};
    const char *values[] = {CT_IMAGE, name};
    const size_t sizes[] = {strlen(CT_IMAGE), instance_uid(name, id)};
    for (int i = 0; i < 2; i++) {
        uint8_t head[8] = {8, 0, i ? 0x18 : 0x16, 0, 'U', 'I'};
        put_little(head + 6, (sizes[i] + 1) & ~1u, 2);
        add(&t, head, 8);
        add(&t, values[i], sizes[i]);
        if (sizes[i] & 1) add(&t, "", 1);
    }
    uint8_t pixels[12] = {0xE0, 0x7F, 0x10, 0, 'O', 'W'};
    put_little(pixels + 8, size - t.size - 12, 4);
    add(&t, pixels, 12);
    memcpy(data, t.bytes, t.size);
}

static void request(Text *c, int field, const char *klass, int id, int data) {
    c->size = 0;
    number(c, 0, 0, 4);
    uid(c, 0x0002, klass, strlen(klass));
    number(c, 0x0100, field, 2);
    number(c, 0x0110, id, 2);
    if (data) number(c, 0x0700, 0, 2);
    number(c, 0x0800, data ? 1 : 0x0101, 2);
    if (data) {
        char name[64];
        uid(c, 0x1000, name, instance_uid(name, id));
    }
    finish_command(c);
}

static void echo(const char *host, int port, int count, int window) {
    Stream s = connected(host, port, VERIFICATION, IMPLICIT, 16384, window > 1);
    static Text c, t;
    double begun = now();
    for (int sent = 0, back = 0; back < count; back++) {
        for (; sent < count && sent - back < window; sent++) {
            request(&c, 0x0030, VERIFICATION, sent % 60000 + 1, 0);
            t.size = 0;
            message(&t, 1, &c, NULL);
            send_text(s.socket, &t);
        }
        await_response(&s);
    }
    printf("%.6f\n", now() - begun);
    released(&s);
}

static void store(const char *host, int port, size_t pdu_length, int count, size_t size) {
    Stream s = connected(host, port, CT_IMAGE, EXPLICIT, pdu_length, 0);
    if (s.most && s.most < pdu_length) pdu_length = s.most;
    uint8_t *data = calloc(1, size), (*heads)[12] = malloc((size / (pdu_length - 6) + 2) * 12);
    struct iovec v[2 * FRAGMENTS + 1];
    static Text c, t;
    double begun = now();
    for (int i = 1; i <= count; i++) {
        request(&c, 0x0001, CT_IMAGE, i % 60000 + 1, 1);
        instance_head(data, size, i % 60000 + 1);
        t.size = 0;
        message(&t, 1, &c, NULL);
        v[0] = (struct iovec){t.bytes, t.size};
        int n = 1, h = 0;
        for (size_t at = 0; at < size; h++) {
            size_t most = (pdu_length - 6) & ~1u, part = size - at < most ? size - at : most;
            put_big(heads[h], DATA << 8, 2);
            put_big(heads[h] + 2, part + 6, 4);
            put_big(heads[h] + 6, part + 2, 4);
            heads[h][10] = 1;
            heads[h][11] = at + part == size ? 2 : 0;
            v[n++] = (struct iovec){heads[h], 12};
            v[n++] = (struct iovec){data + at, part};
            at += part;
            if (n > 2 * FRAGMENTS - 1) { write_all(s.socket, v, n); n = 0; }
        }
        if (n) write_all(s.socket, v, n);
        await_response(&s);
    }
    printf("%.6f\n", now() - begun);
    released(&s);
}

int main(int n, char **a) {
    signal(SIGPIPE, SIG_IGN);
    if (n == 4 && !strcmp(a[1], "serve")) serve(atoi(a[2]), atoi(a[3]));
    if (n == 5 && !strcmp(a[1], "open")) {
        double begun = now();
        for (int i = atoi(a[4]); i; i--) {
            Stream s = connected(a[2], atoi(a[3]), VERIFICATION, IMPLICIT, 16384, 0);
            released(&s);
        }
        printf("%.6f\n", now() - begun);
    } else if (n == 6 && !strcmp(a[1], "echo")) echo(a[2], atoi(a[3]), atoi(a[4]), atoi(a[5]));
    else if (n == 7 && !strcmp(a[1], "store")) store(a[2], atoi(a[3]), atol(a[4]), atoi(a[5]), atol(a[6]));
    else { fprintf(stderr, "see the head of peer.c\n"); return 2; }
    return 0;
}
