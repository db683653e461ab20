/* powercut -- replays a trace, cuts the power after each operation, and looks at what is left.
 *
 *   powercut TRACE --root DIR... --scratch DIR [--states N] [--seed N] [--workers N]
 *   powercut TRACE --root DIR... --scratch DIR --only CUT/CHOICE/NTH     one state, left in SCRATCH/only, with
 *                                                                        what was promised by then, as marks
 *   powercut TRACE --root DIR... --same DIR...      does all of the trace give the files as they are?
 *
 * Prints lines "name value"; exit status 1 when a state was bad.  States that are alike (the same files
 * and the same answers given) are looked at once. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"
#include "base/str.h"
#include "crypto/secret.h"
#include "dead.h"
#include "look.h"
#include "os/clock.h"
#include "recover.h"
#include "second.h"

#define SEEN_SLOTS (1 << 22)
#define WORKERS_MAX 64
#define FAILURES_KEPT 20
#define WORDS_MAX 32
#define AGAIN 32
#define SECONDS_MAX 60 /* for one state; opening has a limit of its own */
#define RESERVE_BYTES (16 * 1024 * 1024)

struct options {
	const char *trace, *scratch, *only;
	const char *root[ROOTS_MAX], *same[ROOTS_MAX];
	size_t root_count, same_count;
	uint64_t states, seed;
	unsigned workers;
};

/* What the workers have in common. */
struct shared {
	_Atomic uint64_t seen[SEEN_SLOTS], opened_as[SEEN_SLOTS];
	_Atomic uint64_t built, distinct, opened, bad, ops_lost, writes_torn, open_us_max, with_garbage;
	_Atomic uint64_t by_choice[CHOICE_COUNT];
	_Atomic size_t at_cut[WORKERS_MAX]; /* for saying where a worker died */
	pthread_mutex_t mutex;
	size_t failure_count;
	char failure[FAILURES_KEPT][600];
	struct {
		char word[64];
		uint64_t count;
	} lost[WORDS_MAX];
};

struct campaign {
	const struct options *options;
	struct trace trace;
	struct promises promises;
	struct dead *dead;
	struct second *second;
	struct shared *shared;
	char dir[4096]; /* of this worker */
	unsigned worker;
	double likely; /* how much of the fixed choices is taken */
	double more;   /* random choices for each cut */
};

/* --- files ------------------------------------------------------------------------------------- */

static void
path_make(char *ret, size_t size, const char *dir, const char *name)
{
	must(snprintf(ret, size, "%s/%s", dir, name) < (int)size);
}

static void
parents_make(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		(void)!mkdir(path, 0700);
		*slash = '/';
	}
}

static bool
is_in_image(const struct image *image, const char *name)
{
	return image_find(image, name) || strcmp(name, "0/reserve") == 0;
}

/* Whatever another state left. */
static void
clear(const char *top, const char *inner, const struct image *image)
{
	char path[4096], name[512];
	struct dirent *each;
	DIR *dir;

	path_make(path, sizeof(path), top, inner);
	dir = opendir(path);
	while (dir && (each = readdir(dir))) {
		if (strcmp(each->d_name, ".") == 0 || strcmp(each->d_name, "..") == 0)
			continue;
		must(snprintf(name, sizeof(name), "%s%s%s", inner, *inner ? "/" : "", each->d_name) < (int)sizeof(name));
		path_make(path, sizeof(path), top, name);
		if (each->d_type == DT_DIR)
			clear(top, name, image);
		else if (each->d_type != DT_LNK && !is_in_image(image, name))
			unlink(path);
	}
	if (dir)
		closedir(dir);
}

static void
put_file(const char *path, const struct content *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	must(fd >= 0);
	must(ftruncate(fd, (off_t)content->len) == 0);
	must(!content->len || pwrite(fd, content->ptr, content->len, 0) == (ssize_t)content->len);
	close(fd);
}

/* The index of the log is shared memory; what a machine left of it is worth nothing, and SQLite must
 * think so, too. */
static void
put_garbage(const char *top, uint64_t *random)
{
	static const char *const names[] = { "0/valv.db-shm", "0/keys.db-shm" };
	uint64_t octets[4096];
	struct content content = { (uint8_t *)octets, sizeof(octets), 0 };
	char path[4096];

	for (size_t i = 0; i < COUNT(octets); i++)
		octets[i] = random_next(random);
	for (size_t i = 0; i < COUNT(names); i++) {
		path_make(path, sizeof(path), top, names[i]);
		put_file(path, &content);
	}
}

static void
put_image(const char *top, const struct image *image)
{
	char path[4096];

	clear(top, "", image);
	for (size_t i = 0; i < image->count; i++) {
		path_make(path, sizeof(path), top, image->file[i].path);
		parents_make(path, strlen(top) + 1);
		put_file(path, image->file[i].content);
	}
}

/* One reserve serves all states: it has a size and no content. */
static void
put_reserve(const char *top)
{
	char path[4096];
	int fd;

	path_make(path, sizeof(path), top, "0/reserve");
	parents_make(path, strlen(top) + 1);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) == 0);
	close(fd);
}

/* The ledger of facts of a vault in 0 lies in 0.facts. */
static void
place_make(const struct campaign *c)
{
	char path[4200];

	(void)!mkdir(c->dir, 0700);
	path_make(path, sizeof(path), c->dir, "0.facts");
	(void)!symlink("1", path);
	put_reserve(c->dir);
}

/* --- one state --------------------------------------------------------------------------------- */

static bool
is_new(_Atomic uint64_t *seen, uint64_t hash)
{
	hash |= hash == 0;
	for (size_t at = hash % SEEN_SLOTS;; at = (at + 1) % SEEN_SLOTS) {
		uint64_t there = atomic_load(&seen[at]);
		if (there == hash)
			return false;
		if (there)
			continue;
		if (atomic_compare_exchange_strong(&seen[at], &there, hash))
			return true;
		if (there == hash)
			return false;
	}
}

static void
note_lost(struct shared *shared, const char *word)
{
	size_t i = 0;

	while (i < WORDS_MAX - 1 && shared->lost[i].word[0] && strcmp(shared->lost[i].word, word) != 0)
		i++;
	snprintf(shared->lost[i].word, sizeof(shared->lost[i].word), "%s", word);
	shared->lost[i].count++;
}

static void
note_bad(struct campaign *c, size_t cut, enum choosing choice, unsigned nth, const struct seen *seen)
{
	struct shared *shared = c->shared;

	atomic_fetch_add(&shared->bad, 1);
	pthread_mutex_lock(&shared->mutex);
	note_lost(shared, seen->lost ? seen->lost->word : "integrity");
	if (shared->failure_count < FAILURES_KEPT)
		snprintf(shared->failure[shared->failure_count++], sizeof(shared->failure[0]),
		         "--seed %" PRIu64 " --only %zu/%s/%u: %s", c->options->seed, cut, choice_word[choice], nth,
		         seen->why);
	pthread_mutex_unlock(&shared->mutex);
}

static void
max_to(_Atomic uint64_t *max, uint64_t value)
{
	uint64_t there = atomic_load(max);

	while (there < value && !atomic_compare_exchange_weak(max, &there, value))
		;
}

static uint64_t
seed_of(const struct campaign *c, size_t cut, enum choosing choice, unsigned nth)
{
	uint64_t state = c->options->seed ^ ((uint64_t)cut << 20 | (uint64_t)choice << 12 | nth);

	random_next(&state);
	return random_next(&state);
}

static void
open_it(struct campaign *c, const struct image *image, size_t cut, uint64_t *random, struct seen *ret)
{
	char dir[4100];

	put_image(c->dir, image);
	if (random_next(random) % 8 == 0) {
		put_garbage(c->dir, random);
		atomic_fetch_add(&c->shared->with_garbage, 1);
	}
	path_make(dir, sizeof(dir), c->dir, "0");
	alarm(SECONDS_MAX); /* a worker that is ended by it is reported with its cut */
	look(dir, &c->promises, cut, ret);
	alarm(0);
	atomic_fetch_add(&c->shared->opened, 1);
	max_to(&c->shared->open_us_max, (uint64_t)ret->open_us);
}

/* Opened as a whole: whatever comes to something new, and one of AGAIN others. */
static void
look_at(struct campaign *c, const struct image *image, size_t cut, uint64_t *random, struct seen *ret)
{
	const struct promise *alive = dead_find(c->dead, image, cut), *untold = second_find(c->second, image, cut);
	uint64_t comes_to[3] = { promises_kept(&c->promises, cut), promises_pending(&c->promises, cut), 0 };
	bool readable = recovered_hash(image, &comes_to[2]);

	*ret = (struct seen){ 0 };
	if (!readable || is_new(c->shared->opened_as, octets_hash(comes_to, sizeof(comes_to))) ||
	    random_next(random) % AGAIN == 0 || c->options->only)
		open_it(c, image, cut, random, ret);
	if (untold && !ret->bad) {
		*ret = (struct seen){ .bad = true, .lost = untold };
		snprintf(ret->why, sizeof(ret->why), "the ledger of facts lacks what it held when %s of %s was answered",
		         untold->word, untold->key);
	}
	if (alive && !ret->bad) {
		*ret = (struct seen){ .bad = true, .lost = alive };
		snprintf(ret->why, sizeof(ret->why), "a key that was destroyed is still on the disk (%s of %s)",
		         alive->word, alive->key);
	}
}

static void
try_state(struct campaign *c, struct model *model, size_t cut, enum choosing choice, unsigned nth)
{
	struct shared *shared = c->shared;
	uint64_t random = seed_of(c, cut, choice, nth);
	const struct image *image = model_image(model, choice, &random);
	size_t kept = promises_kept(&c->promises, cut);
	struct seen found;

	atomic_fetch_add(&shared->built, 1);
	if (!is_new(shared->seen, octets_hash((uint64_t[]){ image->hash, kept }, 16)))
		return;
	atomic_fetch_add(&shared->distinct, 1);
	atomic_fetch_add(&shared->by_choice[choice], 1);
	atomic_fetch_add(&shared->ops_lost, image->ops_lost);
	atomic_fetch_add(&shared->writes_torn, image->writes_torn);
	look_at(c, image, cut, &random, &found);
	if (found.bad)
		note_bad(c, cut, choice, nth, &found);
}

/* --- all states of a cut ----------------------------------------------------------------------- */

static bool
happens(double likely, uint64_t *random)
{
	return (double)(random_next(random) >> 11) / 9007199254740992.0 < likely;
}

static void
try_cut(struct campaign *c, struct model *model, size_t cut)
{
	uint64_t random = seed_of(c, cut, CHOICE_COUNT, 0);
	double more = c->more;

	if (happens(c->likely, &random))
		try_state(c, model, cut, CHOICE_ALL, 0);
	if (model_settled(model))
		return;
	for (enum choosing choice = CHOICE_NOTHING; choice < CHOICE_RANDOM; choice++)
		if (happens(c->likely, &random))
			try_state(c, model, cut, choice, 0);
	for (unsigned nth = 0; more > 0; nth++, more -= 1)
		if (happens(more, &random))
			try_state(c, model, cut, nth % 2 ? CHOICE_TORN : CHOICE_RANDOM, nth);
}

/* Something happened to the disk, or something was promised. */
static bool
is_cut(const struct campaign *c, size_t at)
{
	switch (c->trace.op[at].kind) {
	case TRACE_OPEN:
		return false;
	case TRACE_SEND:
	case TRACE_MARK:
		return at == 0 || promises_kept(&c->promises, at) != promises_kept(&c->promises, at - 1);
	default:
		return true;
	}
}

static void
work(struct campaign *c)
{
	struct model *model = model_new(c->options->root, c->options->root_count);
	size_t nth = 0;

	snprintf(c->dir, sizeof(c->dir), "%s/w%u", c->options->scratch, c->worker);
	place_make(c);
	for (size_t at = 0; at < c->trace.count; at++) {
		model_step(model, &c->trace.op[at]);
		if (!is_cut(c, at) || nth++ % c->options->workers != c->worker)
			continue;
		atomic_store(&c->shared->at_cut[c->worker], at);
		try_cut(c, model, at);
	}
}

/* How many random choices make up the number of states that is wanted. */
static void
plan(struct campaign *c)
{
	struct model *model = model_new(c->options->root, c->options->root_count);
	double fixed = 0, loose = 0, wanted = (double)c->options->states;

	for (size_t at = 0; at < c->trace.count; at++) {
		model_step(model, &c->trace.op[at]);
		if (!is_cut(c, at))
			continue;
		fixed += model_settled(model) ? 1 : CHOICE_RANDOM;
		loose += !model_settled(model);
	}
	c->likely = !wanted || fixed < wanted ? 1 : wanted / fixed;
	c->more = !wanted ? 4 : loose && wanted > fixed ? (wanted - fixed) / loose : 0;
}

/* --- the report -------------------------------------------------------------------------------- */

static void
report(const struct campaign *c, int64_t took_us)
{
	const struct shared *shared = c->shared;
	size_t kinds[TRACE_KIND_COUNT] = { 0 }, answered = 0;
	struct rusage used;

	getrusage(RUSAGE_CHILDREN, &used);
	printf("cpu_us %" PRId64 "\n", (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	                                       used.ru_utime.tv_usec + used.ru_stime.tv_usec);

	for (size_t i = 0; i < c->trace.count; i++)
		kinds[c->trace.op[i].kind]++;
	for (size_t i = 0; i < c->promises.count; i++)
		answered += c->promises.promise[i].kept != NEVER && *c->promises.promise[i].number;
	printf("operations %zu\nwrites %zu\nsyncs %zu\nnames %zu\nanswered %zu\nforms_to_die %zu\n", c->trace.count,
	       kinds[TRACE_WRITE], kinds[TRACE_SYNC] + kinds[TRACE_SYNC_DIR],
	       kinds[TRACE_CREATE] + kinds[TRACE_RENAME] + kinds[TRACE_UNLINK] + kinds[TRACE_MKDIR], answered,
	       dead_count(c->dead));
	for (size_t i = 0; i < c->promises.count; i++)
		if (c->promises.promise[i].kept != NEVER && *c->promises.promise[i].number)
			printf("promise_%s 1\n", c->promises.promise[i].word);
	printf("built %" PRIu64 "\ndistinct %" PRIu64 "\nopened %" PRIu64 "\nops_lost %" PRIu64 "\nwrites_torn %" PRIu64
	       "\ngarbage %" PRIu64 "\nopen_us_max %" PRIu64 "\ntook_us %" PRId64 "\n",
	       shared->built, shared->distinct, shared->opened, shared->ops_lost, shared->writes_torn, shared->with_garbage,
	       shared->open_us_max, took_us);
	for (enum choosing choice = 0; choice < CHOICE_COUNT; choice++)
		printf("choice_%s %" PRIu64 "\n", choice_word[choice], shared->by_choice[choice]);
	for (size_t i = 0; i < WORDS_MAX && shared->lost[i].word[0]; i++)
		printf("lost_%s %" PRIu64 "\n", shared->lost[i].word, shared->lost[i].count);
	for (size_t i = 0; i < shared->failure_count; i++)
		printf("failure %s\n", shared->failure[i]);
	printf("bad %" PRIu64 "\n", shared->bad);
}

static int
run_all(struct campaign *c)
{
	int64_t started = os_monotonic_us();
	pid_t child[WORKERS_MAX];
	bool died = false;

	plan(c);
	for (unsigned i = 0; i < c->options->workers; i++) {
		child[i] = fork();
		must(child[i] >= 0);
		if (child[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		c->worker = i;
		work(c);
		_exit(0);
	}
	for (unsigned i = 0; i < c->options->workers; i++) {
		int status;
		must(waitpid(child[i], &status, 0) == child[i]);
		if (status == 0)
			continue;
		died = true;
		printf("failure a worker ended with %d at cut %zu: opening a state brought it down\n", status,
		       c->shared->at_cut[i]);
	}
	report(c, os_monotonic_us() - started);
	return died || c->shared->bad ? 1 : 0;
}

/* As marks for a recording that begins on that state: what holds, and what may hold. */
static void
print_promises(const struct promises *promises, size_t cut)
{
	for (size_t i = 0; i < promises->count; i++) {
		const struct promise *promise = &promises->promise[i];
		struct allowed allowed;
		if (!promises_of(promises, promise->kind, promise->key, cut, &allowed))
			continue;
		if (promise == allowed.due || (promise->kept <= cut && strcmp(promise->kind, "entry") == 0))
			printf("K\t%s\t%s\t%s\n", promise->kind, promise->key, promise->value);
		for (size_t j = 0; j < allowed.pending_count; j++)
			if (promise == allowed.pending[j])
				printf("B\tbefore-%zu\t0\t%s\t%s\t%s\t%s\n", i, promise->word, promise->kind,
				       promise->key, promise->value);
	}
}

static int
run_one(struct campaign *c)
{
	struct model *model = model_new(c->options->root, c->options->root_count);
	str rest = str_from_c(c->options->only), cut_text, word;
	struct seen found;
	enum choosing choice = 0;
	uint64_t cut, nth;

	must(eat_until(&rest, '/', &cut_text) && str_u64(cut_text, &cut) && eat_until(&rest, '/', &word) &&
	     str_u64(rest, &nth));
	while (choice < CHOICE_COUNT && !str_eq(word, str_from_c(choice_word[choice])))
		choice++;
	must(choice < CHOICE_COUNT && cut < c->trace.count);
	for (size_t at = 0; at <= cut; at++)
		model_step(model, &c->trace.op[at]);
	snprintf(c->dir, sizeof(c->dir), "%s/only", c->options->scratch);
	place_make(c);
	uint64_t random = seed_of(c, cut, choice, (unsigned)nth);
	look_at(c, model_image(model, choice, &random), cut, &random, &found);
	random = seed_of(c, cut, choice, (unsigned)nth);
	put_image(c->dir, model_image(model, choice, &random)); /* as it was before it was opened */
	print_promises(&c->promises, cut);
	printf("%s\n", found.bad ? found.why : "good");
	return found.bad;
}

/* Nothing went by unseen: what the trace gives is what is there. */
static int
run_same(struct campaign *c)
{
	struct model *there = model_new(c->options->same, c->options->same_count);
	struct model *model = model_new(c->options->root, c->options->root_count);
	uint64_t random = 0;
	const struct image *one, *two;
	int differ = 0;

	for (size_t at = 0; at < c->trace.count; at++)
		model_step(model, &c->trace.op[at]);
	one = model_image(model, CHOICE_ALL, &random);
	two = model_image(there, CHOICE_ALL, &random);
	for (size_t i = 0; i < two->count; i++) {
		const struct content *replayed = image_find(one, two->file[i].path);
		bool same = replayed && replayed->len == two->file[i].content->len &&
		            (!replayed->len || memcmp(replayed->ptr, two->file[i].content->ptr, replayed->len) == 0);
		if (!same)
			printf("failure %s is not what the trace gives\n", two->file[i].path);
		differ += !same;
	}
	for (size_t i = 0; i < one->count; i++) {
		if (image_find(two, one->file[i].path))
			continue;
		printf("failure the trace gives %s, which is not there\n", one->file[i].path);
		differ++;
	}
	printf("files %zu\ndiffer %d\n", two->count, differ);
	return differ != 0;
}

/* --- the command ------------------------------------------------------------------------------- */

static uint64_t
number(const char *text)
{
	uint64_t value;

	must(text && str_u64(str_from_c(text), &value));
	return value;
}

static void
options_read(int count, char **word, struct options *ret)
{
	*ret = (struct options){ .trace = word[1], .seed = 1, .workers = 2 };
	for (int i = 2; i < count; i++) {
		bool last = i + 1 == count;
		must(!last);
		if (strcmp(word[i], "--root") == 0 && ret->root_count < ROOTS_MAX)
			ret->root[ret->root_count++] = word[++i];
		else if (strcmp(word[i], "--same") == 0 && ret->same_count < ROOTS_MAX)
			ret->same[ret->same_count++] = word[++i];
		else if (strcmp(word[i], "--scratch") == 0)
			ret->scratch = word[++i];
		else if (strcmp(word[i], "--only") == 0)
			ret->only = word[++i];
		else if (strcmp(word[i], "--states") == 0)
			ret->states = number(word[++i]);
		else if (strcmp(word[i], "--seed") == 0)
			ret->seed = number(word[++i]);
		else if (strcmp(word[i], "--workers") == 0)
			ret->workers = (unsigned)number(word[++i]);
		else
			must(!"an option that is not known");
	}
	must(ret->root_count && ret->workers && ret->workers <= WORKERS_MAX);
}

static struct shared *
shared_new(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t across;

	must(shared != MAP_FAILED);
	pthread_mutexattr_init(&across);
	pthread_mutexattr_setpshared(&across, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &across);
	return shared;
}

int
main(int count, char **word)
{
	struct options options;
	struct campaign c = { .options = &options, .shared = shared_new() };
	struct job job = { 0 };

	must(count > 1);
	options_read(count, word, &options);
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(!crypto_start(&job));
	trace_read(options.trace, &c.trace);
	if (options.same_count)
		return run_same(&c);
	must(options.scratch);
	promises_read(&c.trace, &c.promises);
	c.dead = dead_new(&c.trace, &c.promises, options.root, options.root_count);
	c.second = second_new(&c.trace, &c.promises, options.root, options.root_count);
	return options.only ? run_one(&c) : run_all(&c);
}
