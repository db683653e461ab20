/* message/setup.c -- contract and U1-U3: see setup.h. */
#include "message/setup.h"

#include "base/limits.h"
#include "json/json.h"

#define SETTING_MAIL S("mail")
#define SETTING_PASSWORD S("mail_password")
#define KEY_MAIL S("mail")     /* named key: seals */
#define KEY_RETURN S("return") /* named key: makes the tokens of bounces */
#define SETTING_MAX 16384

/* --- reading ----------------------------------------------------------------------------------- */

#define FIND_TLS(e, no, text) \
	if (str_eq(word, S(text))) \
		*ret = no;

static enum wire_tls
tls_of(str word)
{
	enum wire_tls tls = WIRE_STARTTLS_MUST, *ret = &tls;

	SETUP_TLS_TABLE(FIND_TLS)
	return tls;
}

static str
tls_name(enum wire_tls tls)
{
	switch (tls) {
#define CASE_TLS(e, no, text) \
	case no: \
		return S(text);
		SETUP_TLS_TABLE(CASE_TLS)
#undef CASE_TLS
	}
	return S("");
}

#define MEMBERS(X) \
	X(host, MAILBOX_BYTES_MAX) X(ca_file, SETUP_PATH_BYTES_MAX) X(hello, MAILBOX_BYTES_MAX) \
	X(user, SETUP_USER_BYTES_MAX) X(from, MAILBOX_BYTES_MAX) X(from_name, MAILBOX_BYTES_MAX) \
	X(reply_to, MAILBOX_BYTES_MAX) X(return_prefix, VERP_PREFIX_BYTES_MAX) X(return_domain, MAILBOX_BYTES_MAX) \
	X(maildir, SETUP_PATH_BYTES_MAX)

static enum err
stored_read(struct job *job, struct json root, struct setup *setup)
{
	int64_t port = setup->port;
	str tls = S("");

#define READ_TEXT(name, max) TRY(json_str(job, root, #name, max, &setup->name, NULL));
	MEMBERS(READ_TEXT)
#undef READ_TEXT
	TRY(json_str(job, root, "tls", 64, &tls, NULL));
	TRY(json_i64(job, root, "port", 1, UINT16_MAX, &port, NULL));
	TRY(json_i64(job, root, "connections", 1, LIMIT_MAIL_CONNECTIONS, &setup->connections, NULL));
	TRY(json_i64(job, root, "domain_connections", 1, LIMIT_MAIL_DOMAIN_CONNECTIONS, &setup->domain_connections, NULL));
	TRY(json_i64(job, root, "domain_rate", 1, LIMIT_MAIL_DOMAIN_RATE, &setup->domain_rate, NULL));
	TRY(json_bool(job, root, "replies", &setup->replies, NULL));
	setup->tls = tls_of(tls);
	setup->port = (uint16_t)port;
	return OK;
}

enum err
setup_get(struct job *job, struct vault *vault, struct setup *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	bool there;
	str text;

	*ret = (struct setup){ .port = 587, .tls = WIRE_STARTTLS_MUST, .connections = SETUP_CONNECTIONS,
		               .domain_connections = SETUP_DOMAIN_CONNECTIONS, .domain_rate = SETUP_DOMAIN_RATE,
		               .return_prefix = S("bounce"), .replies = true };
	TRY(setting_get(job, vault, SETTING_PASSWORD, &text, &there));
	ret->password_there = there && text.len;
	TRY(setting_get(job, vault, SETTING_MAIL, &text, &there));
	if (!there)
		return OK;
	TRY(json_parse(job, text, &document, &root));
	return stored_read(job, root, ret);
}

str
setup_domain(const struct setup *setup)
{
	str domain = setup->from, local;

	return eat_until(&domain, '@', &local) ? domain : S("");
}

str
setup_return_domain(const struct setup *setup)
{
	return setup->return_domain.len ? setup->return_domain : setup_domain(setup);
}

bool
setup_ready(const struct setup *setup)
{
	return setup->host.len && setup->from.len;
}

/* --- writing ----------------------------------------------------------------------------------- */

#define NEED(good, member, why) \
	if (!(good)) \
		return fail_at(job, ERR_INVALID, S(member), why)

static bool
line_fits(str text)
{
	return str_printable(text) && !memchr(text.ptr ? text.ptr : "", '\n', text.len) &&
	       !memchr(text.ptr ? text.ptr : "", '\r', text.len) && !memchr(text.ptr ? text.ptr : "", '\t', text.len);
}

static bool
path_fits(str path)
{
	return !path.len || (path.ptr[0] == '/' && line_fits(path) && path.len <= SETUP_PATH_BYTES_MAX);
}

static bool
host_fits(str host)
{
	return !host.len || mailbox_label_fits(host) || mailbox_host_fits(host);
}

static enum err
setup_check(struct job *job, const struct setup *setup)
{
	NEED(host_fits(setup->host), "/host", "is no host name");
	NEED(host_fits(setup->hello), "/hello", "is no host name");
	NEED(!setup->return_domain.len || mailbox_host_fits(setup->return_domain), "/return_domain", "is no host name");
	NEED(!setup->from.len || mailbox_fits(setup->from), "/from", "is no address that mail can come from");
	NEED(!setup->reply_to.len || mailbox_fits(setup->reply_to), "/reply_to", "is no address that mail can go to");
	NEED(line_fits(setup->from_name) && setup->from_name.len <= 200, "/from_name", "must be one line of text");
	NEED(line_fits(setup->user) && setup->user.len <= SETUP_USER_BYTES_MAX, "/user", "must be one line of text");
	NEED(path_fits(setup->ca_file), "/ca_file", "must be a whole path");
	NEED(path_fits(setup->maildir), "/maildir", "must be a whole path");
	NEED(mailbox_label_fits(setup->return_prefix) && setup->return_prefix.len <= VERP_PREFIX_BYTES_MAX,
	     "/return_prefix", "must be letters and digits, 14 at most");
	NEED(setup->port, "/port", "must be a port");
	NEED(!setup->user.len || setup->tls == WIRE_STARTTLS_MUST || setup->tls == WIRE_TLS_FIRST, "/tls",
	     "must be starttls or tls, as a password is given by TLS only");
	return OK;
}

static void
setup_write(const struct setup *setup, struct buf *text)
{
	struct json_out out;

	json_out_begin(&out, text);
	json_open(&out, '{');
#define WRITE_TEXT(name, max) json_pair_str(&out, S(#name), setup->name);
	MEMBERS(WRITE_TEXT)
#undef WRITE_TEXT
	json_pair_str(&out, S("tls"), tls_name(setup->tls));
	json_pair_i64(&out, S("port"), setup->port);
	json_pair_i64(&out, S("connections"), setup->connections);
	json_pair_i64(&out, S("domain_connections"), setup->domain_connections);
	json_pair_i64(&out, S("domain_rate"), setup->domain_rate);
	json_pair_bool(&out, S("replies"), setup->replies);
	json_close(&out, '}');
}

/* --- what is sealed ---------------------------------------------------------------------------- */

static enum err
sealed_put(struct job *job, struct vault *vault, str name, bytes plain, str before)
{
	OWNED(buf_release) struct buf sealed = { .max = SETTING_MAX }, text = { .max = 2 * SETTING_MAX };
	const uint8_t *key;

	TRY(keys_named(job, vault->keys, vault->store, KEY_MAIL, &key));
	seal(key, str_bytes(name), plain, &sealed);
	buf_put(&text, before);
	buf_base64url(&text, buf_bytes(&sealed));
	must(buf_ok(&sealed) && buf_ok(&text));
	return setting_put(job, vault, name, buf_str(&text));
}

static enum err
sealed_open(struct job *job, struct vault *vault, str name, str text, bytes *ret)
{
	OWNED(buf_release) struct buf sealed = { .max = SETTING_MAX };
	const uint8_t *key;

	if (!buf_from_base64url(&sealed, text))
		return fail(job, ERR_CORRUPT, "a sealed setting cannot be read");
	TRY(keys_named(job, vault->keys, vault->store, KEY_MAIL, &key));
	return seal_open(job, key, str_bytes(name), buf_bytes(&sealed), ret);
}

/* All is looked at before anything is written. */
enum err
setup_put(struct job *job, struct vault *vault, const struct setup *setup, const str *password)
{
	OWNED(buf_release) struct buf text = { .max = SETTING_MAX };

	TRY(setup_check(job, setup));
	NEED(!password || (line_fits(*password) && password->len <= SETUP_PASSWORD_BYTES_MAX), "/password",
	     "must be one line, 512 octets at most");
	setup_write(setup, &text);
	must(buf_ok(&text));
	if (password && password->len)
		TRY(sealed_put(job, vault, SETTING_PASSWORD, str_bytes(*password), S("")));
	else if (password)
		TRY(setting_put(job, vault, SETTING_PASSWORD, S("")));
	return setting_put(job, vault, SETTING_MAIL, buf_str(&text));
}

/* --- keys that sign ---------------------------------------------------------------------------- */

str
setup_kind_name(enum dkim_kind kind)
{
	return kind == DKIM_RSA ? S("rsa") : S("ed25519");
}

bool
setup_kind_find(str name, enum dkim_kind *ret)
{
	if (str_eq(name, S("rsa")))
		*ret = DKIM_RSA;
	else if (str_eq(name, S("ed25519")))
		*ret = DKIM_ED25519;
	else
		return false;
	return true;
}

static str
key_setting(enum dkim_kind kind)
{
	return kind == DKIM_RSA ? S("mail_key_rsa") : S("mail_key_ed25519");
}

/* Stored as SELECTOR and the sealed key, a space between. */
enum err
setup_key_make(struct job *job, struct vault *vault, enum dkim_kind kind, str selector)
{
	OWNED(buf_release) struct buf pkcs8 = { .max = DKIM_KEY_BYTES_MAX }, before = { .max = 128 };
	struct setup setup;

	TRY(setup_get(job, vault, &setup));
	if (!setup.from.len)
		return fail(job, ERR_CONFLICT, "say who sends first: a key signs for the domain of that address");
	NEED(mailbox_label_fits(selector), "/selector", "must be letters, digits and hyphens, 63 at most");
	dkim_key_make(kind, &pkcs8);
	must(buf_ok(&pkcs8));
	buf_put(&before, selector);
	buf_char(&before, ' ');
	return sealed_put(job, vault, key_setting(kind), buf_bytes(&pkcs8), buf_str(&before));
}

static enum err
key_open(struct job *job, struct vault *vault, const struct setup *setup, enum dkim_kind kind, struct dkim_key **ret)
{
	str text, selector;
	bytes pkcs8;
	bool there;

	*ret = NULL;
	TRY(setting_get(job, vault, key_setting(kind), &text, &there));
	if (!there || !text.len)
		return OK;
	if (!eat_until(&text, ' ', &selector))
		return fail(job, ERR_CORRUPT, "a stored key cannot be read");
	TRY(sealed_open(job, vault, key_setting(kind), text, &pkcs8));
	return dkim_key_open(job, setup_domain(setup), selector, pkcs8, ret);
}

enum err
setup_key_drop(struct job *job, struct vault *vault, enum dkim_kind kind)
{
	bool there;
	str text;

	TRY(setting_get(job, vault, key_setting(kind), &text, &there));
	if (!there || !text.len)
		return fail(job, ERR_ABSENT, "there is no such key");
	return setting_put(job, vault, key_setting(kind), S(""));
}

enum err
setup_keys(struct job *job, struct vault *vault, const struct setup *setup, struct dkim_key *ret[DKIM_KEYS_MAX],
           size_t *ret_count)
{
	static const enum dkim_kind kinds[DKIM_KEYS_MAX] = { DKIM_RSA, DKIM_ED25519 };
	size_t count = 0;
	enum err err = OK;

	*ret_count = 0;
	if (!setup->from.len)
		return OK;
	for (size_t i = 0; i < COUNT(kinds) && !err; i++) {
		err = key_open(job, vault, setup, kinds[i], &ret[count]);
		count += !err && ret[count];
	}
	for (size_t i = 0; err && i < count; i++)
		dkim_key_close(&ret[i]);
	*ret_count = err ? 0 : count;
	return err;
}

/* --- connection -------------------------------------------------------------------------------- */

/* "": none. */
static enum err
password_get(struct job *job, struct vault *vault, const struct setup *setup, str *ret)
{
	bytes password = { 0 };
	bool there;
	str text;

	*ret = S("");
	if (!setup->user.len)
		return OK;
	TRY(setting_get(job, vault, SETTING_PASSWORD, &text, &there));
	if (there && text.len)
		TRY(sealed_open(job, vault, SETTING_PASSWORD, text, &password));
	*ret = bytes_str(password);
	return OK;
}

enum err
setup_knock(struct job *job, struct vault *vault, const struct setup *setup, long connect_ms, enum wire_end *ret)
{
	OWNED(wire_close) struct wire *wire = NULL;
	struct arena *arena = &job->arena;
	str hello = setup->hello.len ? setup->hello : setup_domain(setup), password;

	TRY(password_get(job, vault, setup, &password));
	*ret = wire_open(&(struct wire_to){ .host = arena_c(arena, setup->host), .port = setup->port, .tls = setup->tls,
	                                    .ca_file = setup->ca_file.len ? arena_c(arena, setup->ca_file) : NULL,
	                                    .hello = arena_c(arena, hello),
	                                    .user = setup->user.len ? arena_c(arena, setup->user) : NULL,
	                                    .password = setup->user.len ? arena_c(arena, password) : NULL,
	                                    .connect_ms = connect_ms },
	                 &wire);
	return OK;
}

enum err
setup_smtp(struct job *job, struct vault *vault, const struct setup *setup, const _Atomic bool *stop,
           struct smtp **ret)
{
	struct smtp_server server = { .host = setup->host, .port = setup->port, .tls = setup->tls,
		                      .ca_file = setup->ca_file, .hello = setup->hello, .user = setup->user,
		                      .connect_ms = SMTP_CONNECT_MS, .answer_ms = SMTP_ANSWER_MS,
		                      .final_ms = SMTP_FINAL_MS, .stop = stop };

	if (!server.hello.len)
		server.hello = setup_domain(setup);
	TRY(password_get(job, vault, setup, &server.password));
	return smtp_open(job, &server, ret);
}

/* --- tokens of bounces ------------------------------------------------------------------------- */

enum err
return_token(struct job *job, struct vault *vault, uid id, uint8_t ret[RETURN_TOKEN_BYTES])
{
	uint8_t digest[DIGEST_BYTES];
	const uint8_t *key;

	TRY(keys_named(job, vault->keys, vault->store, KEY_RETURN, &key));
	digest_keyed(key, (bytes[]){ uid_bytes(&id) }, 1, digest);
	memcpy(ret, id.octet, sizeof(id.octet));
	memcpy(ret + sizeof(id.octet), digest, RETURN_TOKEN_BYTES - sizeof(id.octet));
	return OK;
}

enum err
return_token_read(struct job *job, struct vault *vault, bytes token, uid *ret_id, bool *ret_good)
{
	uint8_t ours[RETURN_TOKEN_BYTES], differs = 0;

	*ret_good = false;
	if (token.len != RETURN_TOKEN_BYTES)
		return OK;
	memcpy(ret_id->octet, token.ptr, sizeof(ret_id->octet));
	TRY(return_token(job, vault, *ret_id, ours));
	for (size_t i = 0; i < RETURN_TOKEN_BYTES; i++)
		differs = (uint8_t)(differs | (ours[i] ^ token.ptr[i]));
	*ret_good = !differs;
	return OK;
}
