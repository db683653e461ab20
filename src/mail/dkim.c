/* mail/dkim.c -- contract, D1-D3: dkim.h. */
#include "mail/dkim.h"

#include <openssl/evp.h>

#define DIGEST_BYTES 32
#define FOLD_AT 72 /* columns; a line is to have 78 at most (RFC 5322 2.1.1) */

static const char *const headers[] = {
#define X(name) name,
	DKIM_HEADERS(X)
#undef X
};

/* --- canonical forms (D3) --------------------------------------------------------------------- */

static bool
white(char c)
{
	return c == ' ' || c == '\t';
}

/* Runs of white space as one space, none at the end and, `at_front`, none there. */
static void
put_relaxed(str text, bool at_front, struct buf *out)
{
	while (text.len) {
		size_t gap = 0, word;

		while (gap < text.len && white(text.ptr[gap]))
			gap++;
		for (word = gap; word < text.len && !white(text.ptr[word]);)
			word++;
		if (gap && word > gap && !at_front)
			buf_char(out, ' ');
		buf_put(out, str_first(str_from(text, gap), word - gap));
		text = str_from(text, word);
		at_front = false;
	}
}

/* The line without its CRLF; the last one may have none.  False: there is no more. */
static bool
eat_line(str *rest, str *ret)
{
	size_t at;

	if (!rest->len)
		return false;
	if (!str_find(*rest, S("\r\n"), &at)) {
		*ret = *rest;
		*rest = str_from(*rest, rest->len);
		return true;
	}
	*ret = str_first(*rest, at);
	*rest = str_from(*rest, at + 2);
	return true;
}

/* Field names are ASCII (RFC 5322 3.6.8). */
static void
put_lower(str name, struct buf *out)
{
	for (size_t i = 0; i < name.len; i++)
		buf_char(out, name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? (char)(name.ptr[i] + 'a' - 'A') : name.ptr[i]);
}

/* Up to its colon, white space before that left out. */
static bool
eat_name(str *rest, str *ret)
{
	if (!eat_until(rest, ':', ret))
		return false;
	while (ret->len && white(ret->ptr[ret->len - 1]))
		ret->len--;
	return ret->len;
}

void
dkim_relax_header(str field, struct buf *out)
{
	OWNED(buf_release) struct buf unfolded = { .max = field.len };
	str name, line;

	if (eat_name(&field, &name))
		put_lower(name, out);
	buf_char(out, ':');
	while (eat_line(&field, &line)) /* CRLF goes; the white space behind it stays and is part of a run */
		buf_put(&unfolded, line);
	put_relaxed(buf_str(&unfolded), true, out);
	buf_put(out, S("\r\n"));
}

void
dkim_relax_body(str body, struct buf *out)
{
	size_t empty = 0;
	str line;

	while (eat_line(&body, &line)) {
		while (line.len && white(line.ptr[line.len - 1]))
			line.len--;
		if (!line.len) {
			empty++;
			continue;
		}
		for (; empty; empty--)
			buf_put(out, S("\r\n"));
		put_relaxed(line, false, out);
		buf_put(out, S("\r\n"));
	}
}

/* --- what is signed --------------------------------------------------------------------------- */

struct fields {
	struct {
		str whole; /* with its CRLF */
		str name;
	} field[DKIM_FIELDS_MAX];
	size_t count;
};

/* A field is a line and those that begin with white space behind it. */
static bool
fields_read(str head, struct fields *ret)
{
	str line, rest;

	ret->count = 0;
	while (rest = head, eat_line(&rest, &line)) {
		str whole = str_first(head, line.len + 2), name = line;
		str value = line;

		if (line.len && white(line.ptr[0])) {
			if (!ret->count)
				return false;
			ret->field[ret->count - 1].whole.len += whole.len;
		} else if (!eat_name(&value, &name) || ret->count == DKIM_FIELDS_MAX) {
			return false;
		} else {
			ret->field[ret->count].whole = whole;
			ret->field[ret->count++].name = name;
		}
		head = rest;
	}
	return true;
}

/* 5.4.2: the last that has not been taken; none is as good as an empty text. */
static void
put_field(const struct fields *fields, str name, bool *taken, struct buf *out)
{
	for (size_t i = fields->count; i-- > 0;)
		if (!taken[i] && str_eq_fold(fields->field[i].name, name)) {
			taken[i] = true;
			dkim_relax_header(fields->field[i].whole, out);
			return;
		}
}

static void
put_signed(const struct fields *fields, str names, str signature_field, struct buf *out)
{
	bool taken[DKIM_FIELDS_MAX] = { 0 };
	str name;

	while (eat_until(&names, ':', &name))
		put_field(fields, str_trim(name), taken, out);
	put_field(fields, str_trim(names), taken, out);
	dkim_relax_header(signature_field, out);
	if (buf_ok(out))
		out->len -= 2; /* 3.7: its CRLF is left out */
}

bool
dkim_signed_octets(str head, str names, str signature_field, struct buf *out)
{
	struct fields fields;

	if (!fields_read(head, &fields))
		return false;
	put_signed(&fields, names, signature_field, out);
	return true;
}

/* --- signing ---------------------------------------------------------------------------------- */

static void
digest_of(const struct buf *text, uint8_t ret[DIGEST_BYTES])
{
	must(buf_ok(text));
	must(EVP_Digest(text->ptr ? text->ptr : "", text->len, ret, NULL, EVP_sha256(), NULL) == 1);
}

static size_t
count_of(const struct fields *fields, str name)
{
	size_t count = 0;

	for (size_t i = 0; i < fields->count; i++)
		count += str_eq_fold(fields->field[i].name, name);
	return count;
}

/* D1. */
static void
put_names(const struct fields *fields, struct buf *out)
{
	for (size_t i = 0; i < COUNT(headers); i++) {
		str name = str_from_c(headers[i]);
		for (size_t k = count_of(fields, name) + 1; k > 0; k--) {
			if (out->len)
				buf_char(out, ':');
			buf_put(out, name);
		}
	}
	must(buf_ok(out));
}

/* h= may be folded around its colons (3.5). */
static void
put_names_folded(str names, struct buf *out)
{
	size_t column = FOLD_AT;
	str name;

	while (eat_until(&names, ':', &name)) {
		if (column + name.len > FOLD_AT) {
			buf_put(out, S("\r\n\t"));
			column = 8;
		}
		buf_put(out, name);
		buf_char(out, ':');
		column += name.len + 1;
	}
	buf_put(out, names);
}

static void
put_base64_folded(bytes octets, struct buf *out)
{
	OWNED(buf_release) struct buf text = { .max = 2 * DKIM_SIGNATURE_BYTES_MAX };

	buf_base64(&text, octets);
	must(buf_ok(&text));
	for (str rest = buf_str(&text); rest.len; rest = str_from(rest, FOLD_AT - 8)) {
		buf_put(out, rest.ptr == text.ptr ? S("") : S("\r\n\t"));
		buf_put(out, str_first(rest, FOLD_AT - 8));
	}
}

/* All of the field up to the value of b=. */
static void
put_tags(const struct dkim_key *key, str names, const uint8_t body[DIGEST_BYTES], time_us now, struct buf *out)
{
	buf_put(out, S("DKIM-Signature: v=1; a="));
	buf_put(out, dkim_key_kind(key) == DKIM_RSA ? S("rsa-sha256") : S("ed25519-sha256"));
	buf_put(out, S("; c=relaxed/relaxed;\r\n\td="));
	buf_put(out, dkim_key_domain(key));
	buf_put(out, S(";\r\n\ts="));
	buf_put(out, dkim_key_selector(key));
	buf_put(out, S("; t="));
	buf_dec(out, now / TIME_SECOND);
	buf_put(out, S("; h="));
	put_names_folded(names, out);
	buf_put(out, S(";\r\n\tbh="));
	buf_base64(out, (bytes){ body, DIGEST_BYTES });
	buf_put(out, S(";\r\n\tb="));
}

static void
put_signature(const struct dkim_key *key, const struct fields *fields, str names,
              const uint8_t body[DIGEST_BYTES], time_us now, size_t head_len, struct buf *out)
{
	OWNED(buf_release) struct buf field = { .max = DKIM_FIELD_BYTES_MAX };
	OWNED(buf_release) struct buf octets = { .max = head_len + DKIM_FIELDS_MAX * 4 + DKIM_FIELD_BYTES_MAX };
	OWNED(buf_release) struct buf signature = { .max = DKIM_SIGNATURE_BYTES_MAX };
	uint8_t digest[DIGEST_BYTES];

	put_tags(key, names, body, now, &field);
	put_signed(fields, names, buf_str(&field), &octets);
	digest_of(&octets, digest);
	dkim_key_sign(key, digest, &signature);
	put_base64_folded(buf_bytes(&signature), &field);
	buf_put(&field, S("\r\n"));
	must(buf_ok(&field));
	buf_put(out, buf_str(&field));
}

enum err
dkim_sign(struct job *job, const struct dkim_key *const *key, size_t count, time_us now, str message,
          struct buf *out)
{
	OWNED(buf_release) struct buf body = { .max = message.len + 2 };
	OWNED(buf_release) struct buf names = { .max = DKIM_FIELDS_MAX * 80 };
	uint8_t body_digest[DIGEST_BYTES];
	struct fields fields;
	size_t end;
	str head;

	must(count && count <= DKIM_KEYS_MAX);
	if (!str_find(message, S("\r\n\r\n"), &end))
		return fail(job, ERR_INVALID, "a message to be signed has no end of its header");
	head = str_first(message, end + 2);
	if (!fields_read(head, &fields) || count_of(&fields, S("From")) != 1 ||
	    count_of(&fields, S("DKIM-Signature")))
		return fail(job, ERR_INVALID, "the header of a message to be signed is not as it must be");
	put_names(&fields, &names);
	dkim_relax_body(str_from(message, end + 4), &body);
	digest_of(&body, body_digest);
	for (size_t i = 0; i < count; i++)
		put_signature(key[i], &fields, buf_str(&names), body_digest, now, head.len, out);
	buf_put(out, message);
	return buf_ok(out) ? OK : fail(job, ERR_LIMIT, "a signed message is too long");
}
