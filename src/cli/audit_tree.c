/* cli/audit_tree.c -- `valv audit verify|check|prove|key`: the log against what was signed.
 *
 * verify goes by what the server gives out to anybody who may see the tree; it trusts nothing but the verifier key, and
 * the keys of witnesses that are named: of what the server says about its witnesses it believes nothing.  With --offline it opens the vault itself, and holds every entry to its leaf, too. */
#include "audit/witness.h"

#include "cli/client.h"
#include "cli/data_dir.h"
#include "cli/input.h"
#include "cli/restore.h"
#include "cli/say.h"
#include "crypto/sign.h"
#include "os/file.h"
#include "vault/vault.h"

#define KEY_OPTION { "key", "KEY", "The verifier key, or a file that holds it; the server's own word unless said." }

/* --- what is given on the command line ---------------------------------------------------------- */

/* A key itself has a + in it, and a file's name hardly. */
static enum err
key_or_file(struct job *job, struct cli *cli, const char *word, str *ret)
{
	*ret = str_from_c(word);
	if (!memchr(ret->ptr, '+', ret->len))
		TRY(input_file(job, cli, word, 4096, ret));
	*ret = str_trim(*ret);
	return OK;
}

static enum err
key_given(struct job *job, struct cli *cli, const struct args *args, str *ret)
{
	return key_or_file(job, cli, arg_c(args, "key"), ret);
}

static enum err
note_check(struct job *job, struct cli *cli, str vkey, str note, const char *what, struct checkpoint *ret)
{
	enum err err;
	str text;

	err = note_open(job, vkey, note, &text);
	if (err)
		return complain(cli, EXIT_REFUSED, "%s: %s", what, job->failure.why);
	if (!checkpoint_read(text, ret))
		return complain(cli, EXIT_REFUSED, "%s: signed, but not a checkpoint", what);
	return OK;
}

static enum err
older_given(struct job *job, struct cli *cli, const struct args *args, str vkey, struct checkpoint *ret, bool *ret_there)
{
	str note;

	*ret_there = arg_given(args, "checkpoint");
	if (!*ret_there)
		return OK;
	TRY(input_file(job, cli, arg_c(args, "checkpoint"), CHECKPOINT_MAX, &note));
	return note_check(job, cli, vkey, note, arg_c(args, "checkpoint"), ret);
}

/* --- witnesses ----------------------------------------------------------------------------------- */

/* Whose word is asked for, and of how many of them. */
struct asked {
	struct note_key key[MANY_MAX];
	size_t count;
	uint64_t quorum; /* 0: of none */
};

static enum err
witness_given(struct job *job, struct cli *cli, const char *word, struct asked *asked)
{
	struct note_key *key = &asked->key[asked->count];
	str vkey;

	TRY(key_or_file(job, cli, word, &vkey));
	if (!note_key_read(vkey, NOTE_COSIGNATURE, key))
		return complain(cli, EXIT_USAGE, "audit verify: %s is no verifier key of a witness", word);
	for (size_t i = 0; i < asked->count; i++)
		if (memcmp(asked->key[i].public_key, key->public_key, SIGN_PUBLIC_BYTES) == 0)
			return complain(cli, EXIT_USAGE, "audit verify: %s is there twice, and counts once", word);
	asked->count++;
	return OK;
}

static enum err
witnesses_given(struct job *job, struct cli *cli, const struct args *args, struct asked *ret)
{
	*ret = (struct asked){ 0 };
	for (size_t i = 0; i < args->many_count; i++)
		TRY(witness_given(job, cli, args->many[i], ret));
	ret->quorum = ret->count;
	if (arg_given(args, "quorum") && !ret->count)
		return complain(cli, EXIT_USAGE, "audit verify: --quorum goes with --witness");
	return arg_number(cli, args, "quorum", ret->count, &ret->quorum);
}

/* How many of those who are asked for have signed this, and when the first of them did. */
static enum err
witnesses_count(struct cli *cli, const struct asked *asked, str note, uint64_t *ret_count, uint64_t *ret_second)
{
	bool seen[MANY_MAX] = { false };
	struct note_line line;
	uint64_t second;
	str text, lines;

	*ret_count = *ret_second = 0;
	if (!note_split(note, &text, &lines))
		return OK; /* which note_check() says */
	while (eat_note_line(&lines, &line))
		for (size_t i = 0; i < asked->count; i++) {
			if (seen[i] || !note_line_of(&line, &asked->key[i]))
				continue;
			if (!cosignature_holds(&line, &asked->key[i], text, &second))
				return complain(cli, EXIT_REFUSED, "the signature of the witness %.*s does not hold",
				                SPRINT(asked->key[i].name));
			seen[i] = true;
			if (!*ret_count || second < *ret_second)
				*ret_second = second;
			++*ret_count;
		}
	return OK;
}

/* The newest checkpoint that enough of them signed, among those that are given out. */
struct cosigned {
	struct checkpoint checkpoint;
	uint64_t count, second;
	bool there;
};

/* *ret_there false: none has so many cosignatures, whoever's. */
typedef enum err checkpoint_source(struct job *job, void *ctx, size_t least, str *ret, bool *ret_there);

/* The count is of all witnesses that the vault knows: where others signed a newer one, one with more has ours too. */
static enum err
cosigned_find(struct job *job, struct cli *cli, const struct asked *asked, str vkey, checkpoint_source *source, void *ctx,
              struct cosigned *ret)
{
	bool there;
	str note;

	*ret = (struct cosigned){ 0 };
	for (uint64_t least = asked->quorum; asked->quorum && least <= LIMIT_WITNESSES; least++) {
		TRY(source(job, ctx, (size_t)least, &note, &there));
		if (!there)
			break;
		TRY(witnesses_count(cli, asked, note, &ret->count, &ret->second));
		if (ret->count < asked->quorum)
			continue;
		ret->there = true;
		return note_check(job, cli, vkey, note, "the cosigned checkpoint", &ret->checkpoint);
	}
	return asked->quorum ? complain(cli, EXIT_REFUSED, "no checkpoint is cosigned by %llu of the witnesses that were named",
	                                (unsigned long long)asked->quorum)
	                     : OK;
}

static void
cosigned_say(const struct asked *asked, const struct cosigned *cosigned)
{
	OWNED(buf_release) struct buf at = { .max = 64 };

	if (!cosigned->there)
		return;
	buf_time(&at, (time_us)cosigned->second * TIME_SECOND);
	printf("The first %llu entries are what %llu of %zu witnesses cosigned, the first of them at %.*s.\n",
	       (unsigned long long)cosigned->checkpoint.size, (unsigned long long)cosigned->count, asked->count,
	       SPRINT(buf_str(&at)));
}

/* --- against a server ---------------------------------------------------------------------------- */

struct walk {
	struct job *job;
	struct cli *cli;
	struct client *client;
	struct checkpoint now, older;
	bool older_there;
	struct cosigned cosigned;
	struct merkle_edge *edge;
	uint64_t size, gone;
	int64_t seq;
	enum err err; /* of a tile that came in between */
};

/* Copied: the client's answer is good until its next call. */
static enum err
get(struct walk *walk, const struct tile_path *path, bool may_be_gone, bytes *ret, bool *ret_there)
{
	OWNED(buf_release) struct buf text = { .max = 128 };
	struct ask ask = { .method = "GET" };
	struct answer answer;

	buf_put(&text, S("/v1/audit/tile/"));
	tile_path_put(path, &text);
	ask.path = arena_c(&walk->job->arena, buf_str(&text));
	TRY(client_try(walk->job, walk->client, &ask, &answer));
	*ret_there = answer.status == 200;
	if (answer.status == 404 && may_be_gone)
		return OK;
	if (answer.status == 404)
		return complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: %s is missing", ask.path + 15);
	if (answer.status != 200)
		return client_refused(walk->job, walk->client, &answer);
	*ret = arena_bytes(&walk->job->arena, str_bytes(answer.body));
	return OK;
}

static enum err
tile_compare(struct walk *walk, unsigned level, uint64_t no, const struct merkle_hash *hash, size_t count)
{
	struct tile_path path = { level, no, count };
	bytes octets = { 0 };
	bool there;

	TRY(get(walk, &path, false, &octets, &there));
	if (octets.len == count * MERKLE_BYTES && memcmp(octets.ptr, hash->octet, octets.len) == 0)
		return OK;
	return complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: tile %llu of level %u is not what is under it",
	                (unsigned long long)no, level);
}

static void
tile_full(unsigned level, uint64_t no, const struct merkle_hash hash[MERKLE_WIDTH], void *ctx)
{
	struct walk *walk = ctx;

	if (!walk->err)
		walk->err = tile_compare(walk, level, no, hash, MERKLE_WIDTH);
}

static enum err
root_compare(struct walk *walk, const struct checkpoint *checkpoint, const char *which)
{
	struct merkle_hash root;

	merkle_edge_root(walk->edge, &root);
	if (memcmp(root.octet, checkpoint->root.octet, MERKLE_BYTES) == 0)
		return OK;
	return complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: its first %llu entries are not those of %s checkpoint",
	                (unsigned long long)checkpoint->size, which);
}

static enum err
hash_add(struct walk *walk, const struct merkle_hash *hash)
{
	merkle_append(walk->edge, hash, tile_full, walk);
	TRY(walk->err);
	walk->size++;
	if (walk->cosigned.there && walk->size == walk->cosigned.checkpoint.size)
		TRY(root_compare(walk, &walk->cosigned.checkpoint, "the cosigned"));
	return walk->older_there && walk->size == walk->older.size ? root_compare(walk, &walk->older, "the earlier") : OK;
}

static enum err
leaf_add(struct walk *walk, bytes octets)
{
	struct merkle_hash hash;
	struct leaf leaf;

	if (!leaf_read(octets, &leaf))
		return complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: entry behind %lld cannot be read", (long long)walk->seq);
	if (leaf.seq <= walk->seq)
		return complain(walk->cli, EXIT_REFUSED, "the log is out of order behind entry %lld", (long long)walk->seq);
	walk->seq = leaf.seq;
	merkle_leaf(octets, &hash);
	return hash_add(walk, &hash);
}

/* Entries whose time is over: only their hashes are left, at the beginning of the log. */
static enum err
gone_add(struct walk *walk, const struct tile_path *bundle)
{
	struct tile_path path = { 0, bundle->no, bundle->width };
	bytes octets = { 0 };
	bool there;

	if (walk->seq)
		return complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: entries behind %lld are missing", (long long)walk->seq);
	TRY(get(walk, &path, false, &octets, &there));
	for (size_t i = 0; i < path.width && (i + 1) * MERKLE_BYTES <= octets.len; i++) {
		TRY(hash_add(walk, (const struct merkle_hash *)octets.ptr + i));
		walk->gone++;
	}
	return OK;
}

static enum err
bundle_add(struct walk *walk)
{
	struct tile_path path = { .level = TILE_ENTRIES, .no = walk->size / MERKLE_WIDTH };
	uint64_t left = walk->now.size - walk->size;
	bytes leaves = { 0 }, octets;
	bool there;

	path.width = left < MERKLE_WIDTH ? (size_t)left : MERKLE_WIDTH;
	TRY(get(walk, &path, true, &leaves, &there));
	if (!there)
		return gone_add(walk, &path);
	for (size_t i = 0; i < path.width; i++) {
		if (!eat_bundle(&leaves, &octets))
			return complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: entries behind %lld are missing", (long long)walk->seq);
		TRY(leaf_add(walk, octets));
	}
	return leaves.len ? complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: there is something behind entry %lld", (long long)walk->seq)
	                  : OK;
}

static enum err
walk_all(struct walk *walk)
{
	uint64_t before;

	while (walk->size < walk->now.size) {
		before = walk->size;
		arena_reset(&walk->job->arena);
		TRY(bundle_add(walk));
		if (walk->size == before)
			return complain(walk->cli, EXIT_REFUSED, "the log is not what was signed: it ends behind entry %lld", (long long)walk->seq);
	}
	for (unsigned l = 0; l < MERKLE_LEVELS; l++)
		if (walk->edge->level[l].count)
			TRY(tile_compare(walk, l, walk->edge->level[l].tile, walk->edge->level[l].hash, walk->edge->level[l].count));
	return root_compare(walk, &walk->now, "the newest");
}

static enum err
text_get(struct job *job, struct client *client, const char *path, str *ret)
{
	struct answer answer;

	TRY(client_call(job, client, &(struct ask){ .method = "GET", .path = path }, &answer));
	*ret = arena_str(&job->arena, answer.body);
	return OK;
}

static enum err
key_of(struct job *job, struct cli *cli, const struct args *args, struct client *client, str *ret)
{
	if (arg_given(args, "key"))
		return key_given(job, cli, args, ret);
	fprintf(stderr, "The key is taken from the server: this shows that the log fits itself, not whose it is. See --key.\n");
	TRY(text_get(job, client, "/v1/audit/key", ret));
	*ret = str_trim(*ret);
	return OK;
}

static enum err
server_checkpoint(struct job *job, void *ctx, size_t least, str *ret, bool *ret_there)
{
	struct client *client = ctx;
	struct answer answer;
	char path[64];

	snprintf(path, sizeof(path), "/v1/audit/checkpoint?witnesses=%zu", least);
	TRY(client_try(job, client, &(struct ask){ .method = "GET", .path = path }, &answer));
	*ret_there = answer.status != 404;
	if (*ret_there && answer.status != 200)
		return client_refused(job, client, &answer);
	*ret = arena_str(&job->arena, answer.body);
	return OK;
}

/* What stands at a size is compared when the walk comes by: it has to come by. */
static enum err
cosigned_fits(struct cli *cli, const struct cosigned *cosigned, const struct checkpoint *now)
{
	if (!cosigned->there)
		return OK;
	if (!str_eq(cosigned->checkpoint.origin, now->origin))
		return complain(cli, EXIT_REFUSED, "the cosigned checkpoint is of another log, %.*s", SPRINT(cosigned->checkpoint.origin));
	if (!cosigned->checkpoint.size || cosigned->checkpoint.size > now->size)
		return complain(cli, EXIT_REFUSED, "the log was cut: it had %llu entries when witnesses cosigned it, and has %llu",
		                (unsigned long long)cosigned->checkpoint.size, (unsigned long long)now->size);
	return OK;
}

static enum err
older_fits(struct cli *cli, const struct checkpoint *older, const struct checkpoint *now)
{
	if (!str_eq(older->origin, now->origin))
		return complain(cli, EXIT_REFUSED, "the earlier checkpoint is of another log, %.*s: this one goes on from it only if an entry \"restore\" says so",
		                SPRINT(older->origin));
	if (older->size > now->size)
		return complain(cli, EXIT_REFUSED, "the log was cut: it had %llu entries when the earlier checkpoint was signed, and has %llu",
		                (unsigned long long)older->size, (unsigned long long)now->size);
	return OK;
}

static enum err
verify_remote(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(job_release) struct job page = { .actor = job->actor, .now = job->now };
	struct walk walk = { .job = &page, .cli = cli };
	struct asked asked;
	str vkey, note;

	TRY(witnesses_given(job, cli, args, &asked));
	TRY(client_open(job, cli, args, &client));
	walk.client = client;
	TRY(key_of(job, cli, args, client, &vkey));
	TRY(cosigned_find(job, cli, &asked, vkey, server_checkpoint, client, &walk.cosigned));
	TRY(text_get(job, client, "/v1/audit/checkpoint", &note));
	TRY(note_check(job, cli, vkey, note, "the server's checkpoint", &walk.now));
	TRY(cosigned_fits(cli, &walk.cosigned, &walk.now));
	TRY(older_given(job, cli, args, vkey, &walk.older, &walk.older_there));
	if (walk.older_there)
		TRY(older_fits(cli, &walk.older, &walk.now));
	walk.edge = arena_alloc(&job->arena, sizeof(*walk.edge));
	TRY(walk_all(&walk));
	if (arg_given(args, "to") && file_replace(job, arg_c(args, "to"), 0644, str_bytes(note)))
		return complain(cli, EXIT_REFUSED, "%s cannot be written", arg_c(args, "to"));
	printf("%llu entries are what was signed, from the first to number %lld.\n", (unsigned long long)walk.size, (long long)walk.seq);
	if (walk.gone)
		printf("Of the first %llu only the hashes are left: their time was over.\n", (unsigned long long)walk.gone);
	if (walk.older_there)
		printf("The log goes on from the earlier checkpoint, which had %llu.\n", (unsigned long long)walk.older.size);
	cosigned_say(&asked, &walk.cosigned);
	return OK;
}

/* --- without a server ------------------------------------------------------------------------------ */

static enum err
hashes_read(struct job *job, void *ctx, unsigned level, uint64_t tile, size_t width, const struct merkle_hash **ret)
{
	struct tile_path path = { level, tile, width };
	bytes octets;

	TRY(tree_tile(job, &path, &octets));
	*ret = (const struct merkle_hash *)octets.ptr;
	return OK;
}

static enum err
root_offline(struct job *job, struct cli *cli, const struct checkpoint *checkpoint, const char *which)
{
	struct merkle merkle = { hashes_read, NULL };
	struct merkle_hash root;

	TRY(merkle_root(job, &merkle, checkpoint->size, &root));
	if (memcmp(root.octet, checkpoint->root.octet, MERKLE_BYTES) != 0)
		return complain(cli, EXIT_REFUSED, "the log is not what was signed: its first %llu entries are not those of %s checkpoint",
		                (unsigned long long)checkpoint->size, which);
	return OK;
}

static enum err
vault_checkpoint(struct job *job, void *ctx, size_t least, str *ret, bool *ret_there)
{
	enum err err = witness_checkpoint(job, least, ret);

	(void)ctx;
	*ret_there = err != ERR_ABSENT;
	if (err == ERR_ABSENT)
		job_forgive(job);
	return err == ERR_ABSENT ? OK : err;
}

static enum err
signed_offline(struct job *job, struct cli *cli, const struct args *args, const struct asked *asked, struct vault *vault)
{
	struct cosigned cosigned;
	struct checkpoint older, now;
	str vkey, note;
	bool there;

	TRY(tree_vkey(job, vault->store, vault->keys, &vkey));
	if (arg_given(args, "key"))
		TRY(key_given(job, cli, args, &vkey));
	TRY(tree_checkpoint(job, &note));
	TRY(note_check(job, cli, vkey, note, "the vault's checkpoint", &now));
	TRY(cosigned_find(job, cli, asked, vkey, vault_checkpoint, NULL, &cosigned));
	TRY(cosigned_fits(cli, &cosigned, &now));
	if (cosigned.there)
		TRY(root_offline(job, cli, &cosigned.checkpoint, "the cosigned"));
	cosigned_say(asked, &cosigned);
	TRY(older_given(job, cli, args, vkey, &older, &there));
	if (!there)
		return OK;
	TRY(older_fits(cli, &older, &now));
	TRY(root_offline(job, cli, &older, "the earlier"));
	printf("The log goes on from the earlier checkpoint, which had %llu.\n", (unsigned long long)older.size);
	return OK;
}

static enum err
verify_open(struct job *job, struct cli *cli, const struct args *args, struct vault *vault)
{
	struct tree_checked checked;
	struct asked asked;

	TRY(witnesses_given(job, cli, args, &asked));
	TRY(tree_check(job, vault->store, vault->keys, &checked));
	if (checked.fault)
		return complain(cli, EXIT_REFUSED, "%.*s; near entry %lld", SPRINT(tree_fault_text(checked.fault)), (long long)checked.seq);
	printf("%llu leaves of %llu trees are what was signed; %llu entries are what their leaves say, and of these %llu are about people who are erased, so that whom they were about cannot be checked.\n",
	       (unsigned long long)checked.leaves, (unsigned long long)checked.trees, (unsigned long long)checked.entries,
	       (unsigned long long)checked.closed);
	return signed_offline(job, cli, args, &asked, vault);
}

static void
vault_end(struct vault **vault)
{
	vault_close(vault);
}

static enum err
verify_offline(struct job *job, struct cli *cli, const struct args *args)
{
	struct vault_place place = { .dir = data_dir(args) };
	OWNED(vault_end) struct vault *vault = NULL;
	struct db *db = NULL;
	enum err err = vault_open_at(job, &place, &vault);

	if (!err)
		err = store_reader(job, vault->store, &db);
	job->db = db;
	if (!err)
		err = verify_open(job, cli, args, vault);
	job->db = NULL;
	reader_end(&db);
	return err ? restore_complain(job, cli, "audit verify", err) : OK;
}

static const struct option verify_options[] = {
	KEY_OPTION,
	{ "checkpoint", "FILE", "A checkpoint that was kept: the log must still begin with what it was over." },
	{ "to", "FILE", "Keep the newest checkpoint in FILE, for the next time." },
	{ "witness", "KEY", "The verifier key of a witness, or a file that holds it, which has cosigned the log; as often as there are.",
	  .many = true },
	{ "quorum", "N", "How many of these must have cosigned one checkpoint; all of them unless said." },
	{ "offline", NULL, "Open the vault itself, while no server does, and hold its entries to their leaves as well." },
};

static enum err
verify_run(struct job *job, struct cli *cli, const struct args *args)
{
	return arg_given(args, "offline") ? verify_offline(job, cli, args) : verify_remote(job, cli, args);
}

const struct command command_audit_verify = {
	.about = "Makes the Merkle tree over the audit log again from what the server gives out, and holds it to what the server "
	         "signed: whatever was changed, dropped, moved or cut off since is found. The key of the log should come from "
	         "elsewhere, as a paper or an earlier time; with a checkpoint from an earlier time the log cannot have been "
	         "written anew, and with witnesses it cannot be another for each who asks: refused is a log of which no checkpoint "
	         "is cosigned by as many of them as are asked for, and the first of their times is printed.\n"
	         "None of this is personal; docs/audit.md says how to do the same without Valv.",
	.examples = "valv audit verify --key log.key --checkpoint last --to last\n"
	            "valv audit verify --key log.key --witness a.key --witness b.key --witness c.key --quorum 2\n"
	            "valv audit verify --offline --data /var/lib/valv",
	OPTIONS(verify_options),
	.remote = true,
	.run = verify_run,
};

/* --- one entry ------------------------------------------------------------------------------------- */

static void
leaf_say(const struct leaf *leaf)
{
	OWNED(buf_release) struct buf at = { .max = 64 };

	buf_time(&at, leaf->second * TIME_SECOND);
	printf("Entry %lld of %.*s, %.*s, outcome %.*s, is in the log.\n", (long long)leaf->seq, SPRINT(buf_str(&at)),
	       SPRINT(entry_name(leaf->act)),
	       SPRINT(leaf->outcome > OK && leaf->outcome < ERR_COUNT ? str_from_c(err_info(leaf->outcome)->slug) : S("done")));
}

static enum err
proof_check(struct job *job, struct cli *cli, str vkey, str text, const char *what, struct leaf *ret)
{
	struct proof_text proof;
	struct checkpoint checkpoint;
	struct merkle_hash hash;

	if (!proof_read(job, text, &proof) || !leaf_read(proof.extra, ret))
		return complain(cli, EXIT_REFUSED, "%s: not a proof of an audit entry", what);
	TRY(note_check(job, cli, vkey, proof.checkpoint, what, &checkpoint));
	merkle_leaf(proof.extra, &hash);
	if (!merkle_includes(&hash, proof.index, checkpoint.size, &proof.proof, &checkpoint.root))
		return complain(cli, EXIT_REFUSED, "%s: the entry is not in the tree that was signed", what);
	return OK;
}

static const struct option prove_options[] = {
	KEY_OPTION,
	{ "to", "FILE", "Write the proof into FILE, which must not be there yet; else it is printed." },
};

static enum err
prove_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	struct leaf leaf;
	str proof, vkey;
	uint64_t seq;

	if (!str_u64(str_from_c(args->operand[0]), &seq))
		return complain(cli, EXIT_USAGE, "audit prove: %s is no number of an entry", args->operand[0]);
	TRY(client_open(job, cli, args, &client));
	TRY(text_get(job, client, client_path(job, "/v1/audit/entries/", args->operand[0], "/proof"), &proof));
	TRY(key_of(job, cli, args, client, &vkey));
	TRY(proof_check(job, cli, vkey, proof, "the server's proof", &leaf));
	if (leaf.seq != (int64_t)seq)
		return complain(cli, EXIT_REFUSED, "the server's proof is of another entry");
	if (!arg_given(args, "to")) {
		say_line(stdout, proof);
		return OK;
	}
	if (file_create(job, arg_c(args, "to"), 0644, str_bytes(proof)))
		return complain(cli, EXIT_REFUSED, "%s cannot be written, or is there already", arg_c(args, "to"));
	leaf_say(&leaf);
	return OK;
}

const struct command command_audit_prove = {
	.operands = "ENTRY",
	.about = "Prints what shows to anybody, without Valv and without a server, that the audit log has this entry: its leaf, "
	         "the hashes up to the root, and the signed checkpoint (C2SP tlog-proof). It holds no personal data. An entry "
	         "is in the tree a second after it was made, or a little later under load.",
	.examples = "valv audit prove 4711 --to 4711.tlog-proof\n"
	            "valv audit check 4711.tlog-proof --key log.key",
	OPTIONS(prove_options),
	.remote = true,
	.run = prove_run,
};

static const struct option check_options[] = {
	{ "key", "KEY", "The verifier key of the log, or a file that holds it." },
};

static enum err
check_run(struct job *job, struct cli *cli, const struct args *args)
{
	struct leaf leaf;
	str text, vkey;

	if (!arg_given(args, "key"))
		return complain(cli, EXIT_USAGE, "audit check: whose log it is, says the key alone: name it with --key");
	TRY(key_given(job, cli, args, &vkey));
	TRY(input_file(job, cli, args->operand[0], PROOF_TEXT_MAX, &text));
	TRY(proof_check(job, cli, vkey, text, args->operand[0], &leaf));
	leaf_say(&leaf);
	return OK;
}

const struct command command_audit_check = {
	.operands = "FILE",
	.about = "Checks a proof that valv audit prove wrote. Neither a server nor a vault is needed.",
	.examples = "valv audit check 4711.tlog-proof --key log.key",
	OPTIONS(check_options),
	.run = check_run,
};

static enum err
key_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	str vkey;

	TRY(client_open(job, cli, args, &client));
	TRY(text_get(job, client, "/v1/audit/key", &vkey));
	say_line(stdout, vkey);
	return OK;
}

const struct command command_audit_key = {
	.about = "Prints the verifier key of the audit log. Keep it apart from the vault, and give it to whoever is to check the log.",
	.examples = "valv audit key > log.key",
	.remote = true,
	.run = key_run,
};
