/* message/doctor.c -- contract: doctor.h. */
#include "message/doctor.h"

#include "mail/names.h"

#define CONNECT_MS 10000

struct looking {
	struct job *job;
	struct vault *vault;
	struct names *names;
	struct setup setup;
	struct doctor *doctor;
};

static struct doctor_check *
note(struct looking *looking, const char *name, enum doctor_result result, const char *text)
{
	struct doctor *doctor = looking->doctor;
	struct doctor_check *check = &doctor->check[doctor->count++];

	must(doctor->count <= DOCTOR_CHECKS_MAX);
	*check = (struct doctor_check){ .name = str_from_c(name), .result = result, .text = str_from_c(text) };
	return check;
}

static str
joined(struct looking *looking, str a, str b)
{
	OWNED(buf_release) struct buf text = { .max = 1024 };

	buf_put(&text, a);
	buf_put(&text, b);
	return arena_str(&looking->job->arena, buf_str(&text));
}

/* --- the server -------------------------------------------------------------------------------- */

static const char *
wire_text(enum wire_end end)
{
	switch (end) {
	case WIRE_OK:
		return "The server answers, its certificate holds where there is TLS, and it takes the password if there is one.";
	case WIRE_UNREACHABLE:
		return "The server cannot be reached: is its name right, and the port open from here?";
	case WIRE_TIMEOUT:
		return "The server does not answer in time.";
	case WIRE_TLS:
		return "There is no TLS where it must be, or the certificate does not hold for this name.";
	case WIRE_LOGIN:
		return "The server does not take the name and password.";
	case WIRE_PROTOCOL:
	case WIRE_STOPPED:
		break;
	}
	return "The server answers what is not understood: is it a mail server, and the right kind of TLS?";
}

static enum err
look_at_server(struct looking *looking)
{
	enum wire_tls tls = looking->setup.tls;
	enum wire_end end;

	TRY(setup_knock(looking->job, looking->vault, &looking->setup, CONNECT_MS, &end));
	note(looking, "server", end == WIRE_OK ? DOCTOR_GOOD : end == WIRE_TIMEOUT ? DOCTOR_UNKNOWN : DOCTOR_BAD, wire_text(end));
	if (tls == WIRE_STARTTLS_MUST || tls == WIRE_TLS_FIRST)
		note(looking, "tls", DOCTOR_GOOD, "Nothing leaves without TLS and a certificate that holds.");
	else
		note(looking, "tls", DOCTOR_DOUBTFUL, "Mail may leave without TLS: that is for a server on this machine only.");
	return OK;
}

/* Forward-confirmed: the name of the number leads back to it. */
static bool
leads_back(struct looking *looking, str name, str address)
{
	struct names_found found;

	names_addresses(looking->job, looking->names, name, &found);
	for (size_t i = 0; i < found.count; i++)
		if (str_eq(found.text[i], address))
			return true;
	return false;
}

static void
look_at_reverse(struct looking *looking)
{
	struct names_found address, name;

	names_addresses(looking->job, looking->names, looking->setup.host, &address);
	if (address.end != NAMES_FOUND) {
		note(looking, "reverse", DOCTOR_UNKNOWN, "The server's name has no number in DNS, as on a network of one's own.");
		return;
	}
	names_of_address(looking->job, looking->names, address.text[0], &name);
	if (name.end == NAMES_FAILED)
		note(looking, "reverse", DOCTOR_UNKNOWN, "Nobody answered who the server's number belongs to.");
	else if (name.end == NAMES_NONE)
		note(looking, "reverse", DOCTOR_BAD, "The server's number has no name (PTR); many receivers refuse mail from such.")->at =
			address.text[0];
	else if (!leads_back(looking, name.text[0], address.text[0]))
		note(looking, "reverse", DOCTOR_DOUBTFUL, "The name of the server's number does not lead back to it.")->at = address.text[0];
	else
		note(looking, "reverse", DOCTOR_GOOD, "The server's number has a name that leads back to it.");
}

/* --- records ----------------------------------------------------------------------------------- */

/* How many begin so; the last of them in *ret. */
static size_t
beginning(const struct names_found *found, str prefix, str *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < found->count; i++) {
		str rest = found->text[i];
		if (rest.len < prefix.len || !str_eq_fold(str_first(rest, prefix.len), prefix))
			continue;
		*ret = rest;
		count++;
	}
	return count;
}

static bool
says(str record, const char *what)
{
	size_t at;

	return str_find(record, str_from_c(what), &at);
}

static void
look_at_spf(struct looking *looking)
{
	str domain = setup_return_domain(&looking->setup), record = S("");
	struct names_found found;
	struct doctor_check *check;
	size_t count;

	names_texts(looking->job, looking->names, domain, &found);
	count = beginning(&found, S("v=spf1"), &record);
	if (found.end == NAMES_FAILED)
		check = note(looking, "spf", DOCTOR_UNKNOWN, "Nobody answered for the SPF record.");
	else if (!count)
		check = note(looking, "spf", DOCTOR_BAD, "There is no SPF record: put one that names your mail server.");
	else if (count > 1)
		check = note(looking, "spf", DOCTOR_BAD, "There are several SPF records: that counts as none.");
	else if (says(record, "+all") || says(record, "?all"))
		check = note(looking, "spf", DOCTOR_BAD, "The SPF record lets everybody send in your name.");
	else if (!says(record, "-all") && !says(record, "~all") && !says(record, "redirect="))
		check = note(looking, "spf", DOCTOR_DOUBTFUL, "The SPF record does not say what about all others: end it with ~all or -all.");
	else
		check = note(looking, "spf", DOCTOR_GOOD, "There is an SPF record; whether it names your mail server only you know.");
	check->at = domain;
	if (check->result == DOCTOR_BAD)
		check->want = S("v=spf1 include:YOUR-MAIL-SERVER -all");
}

/* What stands behind p=, up to the next semicolon, without spaces. */
static str
public_part(struct looking *looking, str record)
{
	OWNED(buf_release) struct buf part = { .max = NAMES_TEXT_BYTES_MAX };
	size_t at;

	if (!str_find(record, S("p="), &at))
		return S("");
	for (size_t i = at + 2; i < record.len && record.ptr[i] != ';'; i++)
		if (record.ptr[i] != ' ')
			buf_char(&part, record.ptr[i]);
	return arena_str(&looking->job->arena, buf_str(&part));
}

static void
look_at_key(struct looking *looking, const struct dkim_key *key)
{
	OWNED(buf_release) struct buf name = { .max = 512 }, text = { .max = DKIM_RECORD_BYTES_MAX };
	const char *called = dkim_key_kind(key) == DKIM_RSA ? "dkim rsa" : "dkim ed25519";
	struct names_found found;
	struct doctor_check *check;
	bool same = false;

	dkim_key_record_name(key, &name);
	dkim_key_record_text(key, &text);
	names_texts(looking->job, looking->names, buf_str(&name), &found);
	for (size_t i = 0; i < found.count; i++)
		same |= str_eq(public_part(looking, found.text[i]), public_part(looking, buf_str(&text)));
	if (found.end == NAMES_FAILED)
		check = note(looking, called, DOCTOR_UNKNOWN, "Nobody answered for the record of the key.");
	else if (!found.count)
		check = note(looking, called, DOCTOR_BAD, "The record of the key is not there: its signatures count as none.");
	else if (!same)
		check = note(looking, called, DOCTOR_BAD, "The record is of another key: its signatures are wrong for everybody.");
	else
		check = note(looking, called, DOCTOR_GOOD, "The record is there and is that of the key.");
	check->at = arena_str(&looking->job->arena, buf_str(&name));
	if (check->result == DOCTOR_BAD)
		check->want = arena_str(&looking->job->arena, buf_str(&text));
}

static enum err
look_at_keys(struct looking *looking)
{
	struct dkim_key *key[DKIM_KEYS_MAX] = { 0 };
	size_t count;

	TRY(setup_keys(looking->job, looking->vault, &looking->setup, key, &count));
	if (!count)
		note(looking, "dkim", DOCTOR_BAD, "Mail is not signed: make a key with valv mail sign.");
	for (size_t i = 0; i < count; i++) {
		look_at_key(looking, key[i]);
		dkim_key_close(&key[i]);
	}
	return OK;
}

static void
look_at_dmarc(struct looking *looking)
{
	str domain = setup_domain(&looking->setup), record = S("");
	str name = joined(looking, S("_dmarc."), domain);
	struct names_found found;
	struct doctor_check *check;
	size_t count;

	names_texts(looking->job, looking->names, name, &found);
	count = beginning(&found, S("v=DMARC1"), &record);
	if (found.end == NAMES_FAILED)
		check = note(looking, "dmarc", DOCTOR_UNKNOWN, "Nobody answered for the DMARC record.");
	else if (count != 1)
		check = note(looking, "dmarc", DOCTOR_BAD, "There is no DMARC record, or several: large receivers want one.");
	else if (says(record, "p=none"))
		check = note(looking, "dmarc", DOCTOR_DOUBTFUL, "DMARC only watches (p=none); with p=quarantine nobody can use your name.");
	else if (!says(record, "p=quarantine") && !says(record, "p=reject"))
		check = note(looking, "dmarc", DOCTOR_BAD, "The DMARC record says no policy.");
	else
		check = note(looking, "dmarc", DOCTOR_GOOD, "There is a DMARC record with a policy.");
	check->at = name;
	if (check->result == DOCTOR_BAD)
		check->want = S("v=DMARC1; p=none; rua=mailto:YOU@YOUR-DOMAIN");
}

/* --- all --------------------------------------------------------------------------------------- */

enum err
doctor_mail(struct job *job, struct vault *vault, str dns, struct doctor *ret)
{
	OWNED(names_close) struct names *names = NULL;
	struct looking looking = { .job = job, .vault = vault, .doctor = ret };

	*ret = (struct doctor){ 0 };
	TRY(setup_get(job, vault, &looking.setup));
	if (!setup_ready(&looking.setup))
		return fail(job, ERR_CONFLICT, "mail is not set up: say a server and a sender with valv mail set");
	TRY(names_open(job, dns, &names));
	looking.names = names;
	TRY(look_at_server(&looking));
	look_at_reverse(&looking);
	look_at_spf(&looking);
	TRY(look_at_keys(&looking));
	look_at_dmarc(&looking);
	return OK;
}
