/* tests/powercut/model.c -- M1-M5: see model.h. */
#include "model.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"

#define SECTOR 512
#define FILES_MAX 4096

const char *const choice_word[CHOICE_COUNT] = {
	"all", "nothing", "names", "data", "last", "not-first", "random", "torn",
};

/* --- small things ------------------------------------------------------------------------------ */

uint64_t
random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t
fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)(a ^ UINT64_C(0xa0761d6478bd642f)) *
	                                          (b ^ UINT64_C(0xe7037ed1a0b428db));

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Fast and good enough to tell images apart; nobody chooses its input.  Four chains, so that a
 * processor has something to do while it multiplies. */
uint64_t
octets_hash(const void *octets, size_t len)
{
	const uint8_t *at = octets;
	uint64_t chain[4] = { len, 1, 2, 3 }, word[8];

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(word, at, sizeof(word));
		for (int i = 0; i < 4; i++)
			chain[i] = fold(chain[i] ^ word[2 * i], word[2 * i + 1]);
	}
	memset(word, 0, sizeof(word));
	if (len)
		memcpy(word, at, len);
	for (int i = 0; i < 4; i++)
		chain[i] = fold(chain[i] ^ word[2 * i], word[2 * i + 1]);
	return fold(fold(chain[0], chain[1]), fold(chain[2], chain[3]));
}

static void *
grown(void *from, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return from;
	*cap = *cap ? *cap * 2 : 64;
	from = realloc(from, *cap * size);
	must(from);
	return from;
}

void
content_size(struct content *content, size_t len)
{
	if (len > content->cap) {
		content->cap = len * 2;
		content->ptr = realloc(content->ptr, content->cap);
		must(content->ptr);
	}
	if (len > content->len)
		memset(content->ptr + content->len, 0, len - content->len); /* M5 */
	content->len = len;
}

/* --- the trace --------------------------------------------------------------------------------- */

void
trace_read(const char *path, struct trace *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t cap = 0;
	uint8_t *map;

	must(fd >= 0 && fstat(fd, &st) == 0);
	*ret = (struct trace){ 0 };
	map = mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
	must(map != MAP_FAILED);
	close(fd);
	for (off_t at = 0; at + (off_t)sizeof(struct trace_head) <= st.st_size;) {
		struct trace_head head;
		memcpy(&head, map + at, sizeof(head));
		must(head.size >= sizeof(head) && at + head.size <= st.st_size);
		must(head.kind > 0 && head.kind < TRACE_KIND_COUNT);
		ret->op = grown(ret->op, ret->count, &cap, sizeof(*ret->op));
		ret->op[ret->count++] = (struct op){
			.kind = head.kind, .inode = head.inode, .at = head.at, .len = head.len,
			.octets = map + at + sizeof(head), .octets_len = head.size - sizeof(head),
		};
		at += head.size;
	}
}

/* --- the model --------------------------------------------------------------------------------- */

struct file {
	uint64_t inode;         /* 0: not seen yet, a file of the beginning */
	struct content durable;
	uint64_t durable_hash;
	bool hashed;
	const struct op **wait; /* data operations that are not synced */
	size_t wait_count, wait_cap;
	struct content built;   /* of the image that was built last */
};

struct name {
	char path[512];
	struct file *file; /* NULL: a directory */
};

struct names {
	struct name *name;
	size_t count, cap;
};

struct name_op {
	enum trace_kind kind;
	char path[512], to[512];
	struct file *file;
};

/* Names of one recorded directory. */
struct tree {
	struct names durable, now;
	struct name_op *wait;
	size_t wait_count, wait_cap;
};

struct model {
	struct tree tree[ROOTS_MAX];
	size_t tree_count;
	struct file *file[FILES_MAX];
	size_t file_count;
	struct image image;
	struct names built;
};

static void
path_of(const uint8_t *octets, size_t len, char ret[512])
{
	must(len < 512);
	memcpy(ret, octets, len);
	ret[len] = 0;
}

static struct tree *
tree_of(struct model *model, const char *path)
{
	size_t i = (size_t)(path[0] - '0');

	must(i < model->tree_count && path[1] == '/');
	return &model->tree[i];
}

static struct name *
name_find(const struct names *names, const char *path)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i].path, path) == 0)
			return &names->name[i];
	return NULL;
}

static void
name_put(struct names *names, const char *path, struct file *file)
{
	struct name *name = name_find(names, path);

	if (!name) {
		names->name = grown(names->name, names->count, &names->cap, sizeof(*names->name));
		name = &names->name[names->count++];
		snprintf(name->path, sizeof(name->path), "%s", path);
	}
	name->file = file;
}

static void
name_drop(struct names *names, const char *path)
{
	struct name *name = name_find(names, path);

	if (name)
		*name = names->name[--names->count];
}

/* What is in a directory goes with it. */
static void
names_move(struct names *names, const char *from, const char *to)
{
	size_t len = strlen(from);

	for (size_t i = 0; i < names->count; i++) {
		char moved[512];
		struct name *name = &names->name[i];
		if (strncmp(name->path, from, len) != 0 || (name->path[len] && name->path[len] != '/'))
			continue;
		must(snprintf(moved, sizeof(moved), "%s%s", to, name->path + len) < (int)sizeof(moved));
		memcpy(name->path, moved, sizeof(moved));
	}
}

static void
name_apply(struct names *names, const struct name_op *op)
{
	switch ((int)op->kind) {
	case TRACE_CREATE:
		name_put(names, op->path, op->file);
		break;
	case TRACE_MKDIR:
		name_put(names, op->path, NULL);
		break;
	case TRACE_RENAME:
		name_drop(names, op->to);
		names_move(names, op->path, op->to);
		break;
	default:
		name_drop(names, op->path);
	}
}

static struct file *
file_new(struct model *model, uint64_t inode)
{
	struct file *file = calloc(1, sizeof(*file));

	must(file && model->file_count < FILES_MAX);
	file->inode = inode;
	model->file[model->file_count++] = file;
	return file;
}

/* The newest with that number: numbers of files that are gone are used again. */
static struct file *
file_of(struct model *model, uint64_t inode)
{
	for (size_t i = model->file_count; i-- > 0;)
		if (model->file[i]->inode == inode)
			return model->file[i];
	return NULL;
}

static void
begin_file(struct model *model, struct tree *tree, const char *path, const char *name)
{
	struct file *file = file_new(model, 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	must(fd >= 0 && fstat(fd, &st) == 0);
	content_size(&file->durable, (size_t)st.st_size);
	must(read(fd, file->durable.ptr, (size_t)st.st_size) == st.st_size);
	close(fd);
	name_put(&tree->durable, name, file);
	name_put(&tree->now, name, file);
}

static void
begin_dir(struct model *model, struct tree *tree, const char *path, const char *name)
{
	DIR *dir = opendir(path);
	struct dirent *each;

	must(dir);
	while ((each = readdir(dir))) {
		char full[4096], inner[512];
		struct stat st;
		if (each->d_name[0] == '.' || strcmp(each->d_name, "lock") == 0 || strcmp(each->d_name, "reserve") == 0 ||
		    strstr(each->d_name, "-shm"))
			continue;
		must(snprintf(full, sizeof(full), "%s/%s", path, each->d_name) < (int)sizeof(full));
		must(snprintf(inner, sizeof(inner), "%s/%s", name, each->d_name) < (int)sizeof(inner));
		must(lstat(full, &st) == 0);
		if (S_ISREG(st.st_mode))
			begin_file(model, tree, full, inner);
		if (!S_ISDIR(st.st_mode))
			continue;
		name_put(&tree->durable, inner, NULL);
		name_put(&tree->now, inner, NULL);
		begin_dir(model, tree, full, inner);
	}
	closedir(dir);
}

struct model *
model_new(const char *const *root, size_t root_count)
{
	struct model *model = calloc(1, sizeof(*model));

	must(model && root_count <= ROOTS_MAX);
	model->tree_count = root_count;
	for (size_t i = 0; i < root_count; i++) {
		char name[2] = { (char)('0' + i), 0 };
		begin_dir(model, &model->tree[i], root[i], name);
	}
	return model;
}

/* --- steps ------------------------------------------------------------------------------------- */

static void
names_settle(struct tree *tree, size_t count)
{
	for (size_t i = 0; i < count; i++)
		name_apply(&tree->durable, &tree->wait[i]);
	memmove(tree->wait, tree->wait + count, (tree->wait_count - count) * sizeof(*tree->wait));
	tree->wait_count -= count;
}

static bool
is_in(const char *path, const char *dir)
{
	const char *slash = strrchr(path, '/');
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/') /* "0/" is the top */
		len--;
	return slash && (size_t)(slash - path) == len && memcmp(path, dir, len) == 0;
}

/* M2 */
static void
dir_sync(struct model *model, const char *path)
{
	struct tree *tree = tree_of(model, path);
	size_t count = 0;

	for (size_t i = 0; i < tree->wait_count; i++)
		if (is_in(tree->wait[i].path, path) ||
		    (tree->wait[i].kind == TRACE_RENAME && is_in(tree->wait[i].to, path)))
			count = i + 1;
	names_settle(tree, count);
}

static void
write_apply(struct content *content, const struct op *op, uint64_t *torn_by)
{
	size_t end = (size_t)(op->at + op->len);

	for (size_t at = 0; at < op->octets_len;) {
		size_t sector_end = ((size_t)op->at + at) / SECTOR * SECTOR + SECTOR - (size_t)op->at;
		size_t len = (sector_end < op->octets_len ? sector_end : op->octets_len) - at;
		if (!torn_by) { /* whole: one copy */
			at = 0;
			len = op->octets_len;
		}
		if (!torn_by || random_next(torn_by) & 1) {
			if (content->len < (size_t)op->at + at + len)
				content_size(content, (size_t)op->at + at + len);
			memcpy(content->ptr + op->at + at, op->octets + at, len);
		}
		at += len;
	}
	must(end >= (size_t)op->at);
}

static void
data_apply(struct content *content, const struct op *op, uint64_t *torn_by)
{
	switch ((int)op->kind) {
	case TRACE_WRITE:
		write_apply(content, op, torn_by);
		break;
	case TRACE_TRUNCATE:
		content_size(content, (size_t)op->len);
		break;
	default: /* TRACE_ALLOCATE */
		if (content->len < (size_t)op->len)
			content_size(content, (size_t)op->len);
	}
}

/* M3 */
static void
file_sync(struct model *model, struct file *file)
{
	for (size_t i = 0; i < file->wait_count; i++)
		data_apply(&file->durable, file->wait[i], NULL);
	file->hashed = file->hashed && !file->wait_count;
	file->wait_count = 0;
	for (size_t t = 0; t < model->tree_count; t++) {
		struct tree *tree = &model->tree[t];
		size_t count = 0;
		for (size_t i = 0; i < tree->wait_count; i++)
			if (tree->wait[i].file == file)
				count = i + 1;
		names_settle(tree, count);
	}
}

static void
name_step(struct model *model, const struct op *op)
{
	struct name_op wait = { .kind = op->kind };
	struct tree *tree;
	size_t first = op->octets_len;

	if (op->kind == TRACE_RENAME) {
		first = strnlen((const char *)op->octets, op->octets_len);
		must(first < op->octets_len);
		path_of(op->octets + first + 1, op->octets_len - first - 1, wait.to);
	}
	path_of(op->octets, first, wait.path);
	tree = tree_of(model, wait.path);
	if (op->kind == TRACE_CREATE)
		wait.file = file_new(model, op->inode);
	if (op->kind == TRACE_RENAME) {
		struct name *name = name_find(&tree->now, wait.path);
		must(name && tree == tree_of(model, wait.to));
		wait.file = name->file;
	}
	name_apply(&tree->now, &wait);
	tree->wait = grown(tree->wait, tree->wait_count, &tree->wait_cap, sizeof(*tree->wait));
	tree->wait[tree->wait_count++] = wait;
}

static void
open_step(struct model *model, const struct op *op)
{
	char path[512];
	struct name *name;

	path_of(op->octets, op->octets_len, path);
	name = name_find(&tree_of(model, path)->now, path);
	must(name && name->file);
	if (!name->file->inode)
		name->file->inode = op->inode;
	must(name->file->inode == op->inode);
}

void
model_step(struct model *model, const struct op *op)
{
	struct file *file = op->inode ? file_of(model, op->inode) : NULL;
	char path[512];

	switch (op->kind) {
	case TRACE_OPEN:
		open_step(model, op);
		break;
	case TRACE_CREATE:
	case TRACE_RENAME:
	case TRACE_UNLINK:
	case TRACE_MKDIR:
	case TRACE_RMDIR:
		name_step(model, op);
		break;
	case TRACE_WRITE:
	case TRACE_TRUNCATE:
	case TRACE_ALLOCATE:
		must(file);
		file->wait = grown(file->wait, file->wait_count, &file->wait_cap, sizeof(*file->wait));
		file->wait[file->wait_count++] = op;
		break;
	case TRACE_SYNC:
		must(file);
		file_sync(model, file);
		break;
	case TRACE_SYNC_DIR:
		path_of(op->octets, op->octets_len, path);
		dir_sync(model, path);
		break;
	case TRACE_SEND:
	case TRACE_MARK:
	case TRACE_KIND_COUNT:
		break;
	}
}

bool
model_settled(const struct model *model)
{
	for (size_t i = 0; i < model->tree_count; i++)
		if (model->tree[i].wait_count)
			return false;
	for (size_t i = 0; i < model->file_count; i++)
		if (model->file[i]->wait_count)
			return false;
	return true;
}

/* --- images ------------------------------------------------------------------------------------ */

static void
names_choose(struct model *model, enum choosing choice, uint64_t *random)
{
	model->built.count = 0;
	for (size_t t = 0; t < model->tree_count; t++) {
		struct tree *tree = &model->tree[t];
		struct names part = { 0 };
		size_t count = tree->wait_count;
		if (choice == CHOICE_NOTHING || choice == CHOICE_DATA)
			count = 0;
		if (choice >= CHOICE_RANDOM)
			count = random_next(random) % (tree->wait_count + 1);
		part.name = malloc((tree->durable.count + 1) * sizeof(*part.name));
		must(part.name);
		part.cap = tree->durable.count + 1;
		part.count = tree->durable.count;
		if (part.count)
			memcpy(part.name, tree->durable.name, part.count * sizeof(*part.name));
		for (size_t i = 0; i < count; i++)
			name_apply(&part, &tree->wait[i]);
		for (size_t i = 0; i < part.count; i++) {
			struct names *built = &model->built;
			built->name = grown(built->name, built->count, &built->cap, sizeof(*built->name));
			built->name[built->count++] = part.name[i];
		}
		free(part.name);
		model->image.ops_lost += tree->wait_count - count;
	}
}

/* `nth` of all that wait, `last` of them; density: how many in 256 of a random subset. */
static bool
is_chosen(enum choosing choice, size_t nth, size_t last, unsigned density, uint64_t *random)
{
	switch (choice) {
	case CHOICE_ALL:
	case CHOICE_DATA:
		return true;
	case CHOICE_NOTHING:
	case CHOICE_NAMES:
		return false;
	case CHOICE_LAST:
		return nth == last;
	case CHOICE_NOT_FIRST:
		return nth != 0;
	case CHOICE_RANDOM:
	case CHOICE_TORN:
	case CHOICE_COUNT:
		break;
	}
	return random_next(random) % 256 < density;
}

static void
file_choose(struct model *model, struct file *file, enum choosing choice, uint64_t *random)
{
	/* Sparse, even and dense subsets: most faults need all but one, or one alone. */
	unsigned density = (unsigned[]){ 24, 128, 128, 232 }[random_next(random) % 4];

	content_size(&file->built, 0);
	content_size(&file->built, file->durable.len);
	if (file->durable.len)
		memcpy(file->built.ptr, file->durable.ptr, file->durable.len);
	for (size_t i = 0; i < file->wait_count; i++) {
		bool torn = choice == CHOICE_TORN && file->wait[i]->kind == TRACE_WRITE && random_next(random) & 1;
		if (is_chosen(choice, i, file->wait_count - 1, density, random)) {
			data_apply(&file->built, file->wait[i], torn ? random : NULL);
			model->image.writes_torn += torn;
		} else {
			model->image.ops_lost++;
		}
	}
}

static uint64_t
durable_hash(struct file *file)
{
	if (!file->hashed)
		file->durable_hash = octets_hash(file->durable.ptr, file->durable.len);
	file->hashed = true;
	return file->durable_hash;
}

static void
image_add(struct model *model, const struct name *name, enum choosing choice, uint64_t *random)
{
	struct image *image = &model->image;
	struct file *file = name->file;
	struct image_file *at;

	if (!file) /* directories are made where a file lies in one */
		return;
	image->file = grown(image->file, image->count, &image->cap, sizeof(*image->file));
	at = &image->file[image->count++];
	memcpy(at->path, name->path, sizeof(at->path));
	if (file->wait_count) {
		file_choose(model, file, choice, random);
		at->content = &file->built;
		at->hash = octets_hash(file->built.ptr, file->built.len);
	} else {
		at->content = &file->durable;
		at->hash = durable_hash(file);
	}
	image->hash += fold(octets_hash(at->path, strlen(at->path)), at->hash); /* in any order */
}

const struct image *
model_image(struct model *model, enum choosing choice, uint64_t *random)
{
	model->image.count = 0;
	model->image.hash = model->image.ops_lost = model->image.writes_torn = 0;
	names_choose(model, choice, random);
	for (size_t i = 0; i < model->built.count; i++)
		image_add(model, &model->built.name[i], choice, random);
	return &model->image;
}

const struct content *
image_find(const struct image *image, const char *path)
{
	for (size_t i = 0; i < image->count; i++)
		if (strcmp(image->file[i].path, path) == 0)
			return image->file[i].content;
	return NULL;
}
