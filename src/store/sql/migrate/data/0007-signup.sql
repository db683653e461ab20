-- Forms and sign-ups (src/signup).

-- state 1 in use, 2 ended; a form stays, as acts of consent name it.
CREATE TABLE form (
	no        {id},
	name      TEXT NOT NULL,
	version   {int} NOT NULL,
	state     {int} NOT NULL
);
CREATE UNIQUE INDEX form_name ON form (name);

CREATE TABLE form_version (
	form       {int} NOT NULL,
	version    {int} NOT NULL,
	definition TEXT NOT NULL,
	made_at    {int} NOT NULL,
	PRIMARY KEY (form, version)
) {clustered};

-- What stood beside a box, word by word, by its SHA-256; the form and version are where it was first shown.
CREATE TABLE form_words (
	hash      {bytes} PRIMARY KEY,
	form      {int} NOT NULL,
	version   {int} NOT NULL,
	language  TEXT NOT NULL,
	text      TEXT NOT NULL
) {clustered};

-- Sign-ups that wait.  state 1 waiting, 2 confirmed; content: sealed under the key of `day`, what was sent, and once it
-- is confirmed whom it became.  No subject: nobody is one yet.
CREATE TABLE pending (
	id        {bytes} PRIMARY KEY,
	day       {int} NOT NULL,
	state     {int} NOT NULL,
	until_at  {int} NOT NULL,
	content   {bytes} NOT NULL
) {clustered};
CREATE INDEX pending_day ON pending (day);

-- How often: keyed digests of networks, addresses and hours under the key of the day.
CREATE TABLE pending_count (
	digest    {bytes} PRIMARY KEY,
	until_at  {int} NOT NULL,
	count     {int} NOT NULL
) {clustered};
CREATE INDEX pending_count_until ON pending_count (until_at);
