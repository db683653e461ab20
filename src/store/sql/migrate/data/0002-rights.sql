-- Rights of the person (Articles 12 to 22), and what outlives a person.  Words as in 0001-vault.sql.

-- --- erasure ------------------------------------------------------------------------------------

-- What was erased, as it stands in the certificate: counts, no personal data.  version: of the person's
-- row after it, as in key_trim.
CREATE TABLE erasure (
	subject  {int} NOT NULL,
	entry    {int} NOT NULL,
	id       {bytes} NOT NULL,
	version  {int} NOT NULL,
	text     TEXT NOT NULL,
	PRIMARY KEY (subject, entry)
) {clustered};
CREATE UNIQUE INDEX erasure_id ON erasure (id);

-- What shows the consents of somebody who was erased to who brings the address.  digest: of the
-- address, keyed by the year of the erasure; sealed: the acts, under the same key;
-- entry: of the erasure.  No subject.
CREATE TABLE proof (
	year    {int} NOT NULL,
	digest  {bytes} NOT NULL,
	entry   {int} NOT NULL,
	sealed  {bytes} NOT NULL,
	PRIMARY KEY (year, digest, entry)
) {clustered};

-- --- packages -----------------------------------------------------------------------------------

-- From a person to the audit entries about them (audit/index.h).  Filled behind the log: entries up
-- to main_seq stand in entry_of, later ones up to run_seq in the runs run_first to run_last, and what
-- is newer is found by reading the log itself.
CREATE TABLE entry_of (
	subject  {int} NOT NULL,
	seq      {int} NOT NULL,
	PRIMARY KEY (subject, seq)
) {clustered};

-- A run is a sorted batch that waits to be merged into entry_of: its number comes first, so that it
-- is written in one place of the file, whomever it is about.
CREATE TABLE entry_run (
	run      {int} NOT NULL,
	subject  {int} NOT NULL,
	seq      {int} NOT NULL,
	PRIMARY KEY (run, subject, seq)
) {clustered};

-- One row.
CREATE TABLE entry_mark (
	one        {int} PRIMARY KEY,
	main_seq   {int} NOT NULL,
	run_seq    {int} NOT NULL,
	run_first  {int} NOT NULL,
	run_last   {int} NOT NULL
) {clustered};
INSERT INTO entry_mark (one, main_seq, run_seq, run_first, run_last) VALUES (1, 0, 0, 1, 0);

-- Packages that wait behind a link (rights/link.h).  digest: of the token that the link holds and
-- nothing here does; sealed under a key that only the token gives.
CREATE TABLE package (
	subject     {int} NOT NULL,
	digest      {bytes} NOT NULL,
	made_at     {int} NOT NULL,
	expires_at  {int} NOT NULL,
	format      {int} NOT NULL,
	language    {int} NOT NULL,
	sealed      {bytes} NOT NULL,
	PRIMARY KEY (subject, digest)
);
CREATE UNIQUE INDEX package_digest ON package (digest);
CREATE INDEX package_expires ON package (expires_at);

-- --- requests -----------------------------------------------------------------------------------

-- What persons asked for (Articles 15 to 22), and the clock of Article 12(3).  subject: 0 while the
-- person is not found, and again when nothing personal is left.  no: drawn from the numbers of subjects;
-- the request's own key set stands in keys.db under -no.  Words: rights/request.h.
-- due_at: the end of the last day; NULL while the clock stands.  stood: for how long it stood, in
-- microseconds.  zone: minutes from UTC, where the country is not known.  hold: number of the act that keeps the data meanwhile.
-- proposed_*: a refusal that waits for somebody else.  forget_at: when the sealed parts die, and then
-- when the row goes.  version: number of the newest event.
CREATE TABLE request (
	subject          {int} NOT NULL,
	no               {int} NOT NULL,
	id               {bytes} NOT NULL,
	asked            {int} NOT NULL,
	state            {int} NOT NULL,
	channel          {int} NOT NULL,
	language         TEXT NOT NULL,
	country          TEXT NOT NULL,
	zone             {int} NOT NULL,
	received_at      {int} NOT NULL,
	opened_at        {int} NOT NULL,
	due_at           {int},
	stopped_at       {int},
	stood            {int} NOT NULL,
	extended_at      {int},
	extended_for     {int} NOT NULL,
	identity_method  {int} NOT NULL,
	identity_result  {int} NOT NULL,
	hold             {int} NOT NULL,
	proposed_for     {int} NOT NULL,
	proposed_kind    {int} NOT NULL,
	proposed_by      {int} NOT NULL,
	reason           {int} NOT NULL,
	entry            {int} NOT NULL,
	closed_at        {int},
	forget_at        {int},
	sealed           {int} NOT NULL,
	version          {int} NOT NULL,
	reply_to         {bytes},
	PRIMARY KEY (subject, no)
) {clustered};
CREATE UNIQUE INDEX request_no ON request (no);
CREATE UNIQUE INDEX request_id ON request (id);
CREATE INDEX request_open ON request (due_at) WHERE closed_at IS NULL;
CREATE INDEX request_forget ON request (forget_at) WHERE forget_at IS NOT NULL;

-- What was done about a request, by whom and when; append-only.  entry: the audit entry of what was
-- done.  words: what was written, sealed under the request's key.
CREATE TABLE request_event (
	subject      {int} NOT NULL,
	request      {int} NOT NULL,
	seq          {int} NOT NULL,
	at           {int} NOT NULL,
	recorded_at  {int} NOT NULL,
	actor_kind   {int} NOT NULL,
	actor        {int} NOT NULL,
	event        {int} NOT NULL,
	code         {int} NOT NULL,
	entry        {int} NOT NULL,
	words        {bytes},
	PRIMARY KEY (subject, request, seq)
) {clustered};

-- --- recipients and disclosures -----------------------------------------------------------------

-- Who receives data.  name: for addresses and commands; title: as purposes state it.  secret: of the
-- webhook, sealed under a named key; the one before it holds until old_until_at.  state: 1 in use,
-- 2 its webhook said that it is gone.  resume_at: its webhook is not called before.
CREATE TABLE recipient (
	no            {id},
	name          TEXT NOT NULL UNIQUE,
	title         TEXT NOT NULL,
	role          TEXT NOT NULL,
	contact       TEXT NOT NULL,
	url           TEXT,
	state         {int} NOT NULL,
	secret        {bytes},
	secret_old    {bytes},
	old_until_at  {int},
	resume_at     {int} NOT NULL,
	updated_at    {int} NOT NULL
);

-- What about a person was told to whom.  fields: le16 each.  reference: how the recipient knows the
-- person, sealed under the person's evidence key; NULL: by the person's id.
CREATE TABLE disclosure (
	subject      {int} NOT NULL,
	seq          {int} NOT NULL,
	recipient    {int} NOT NULL,
	purpose      {int} NOT NULL,
	at           {int} NOT NULL,
	recorded_at  {int} NOT NULL,
	actor_kind   {int} NOT NULL,
	actor        {int} NOT NULL,
	fields       {bytes} NOT NULL,
	reference    {bytes},
	PRIMARY KEY (subject, seq)
) {clustered};
CREATE INDEX disclosure_recipient ON disclosure (recipient, subject);

-- --- outbox -------------------------------------------------------------------------------------

-- What is to leave: notices to recipients, replies to persons (recipient 0).  Like an audit entry it
-- outlives the person and stands apart.  content: sealed under the outbox key of `day`, until it is
-- delivered or that key is destroyed; NULL then.  subject 0: nobody who is held.  kind, state, via,
-- outcome: vault/outbox.h.  due_at: for a webhook the next try, for a program when it may be taken;
-- NULL: nothing is to be done.  disclosures: le32 numbers of the rows that it follows from.
CREATE TABLE outbox (
	no           {id},
	id           {bytes} NOT NULL,
	kind         {int} NOT NULL,
	subject      {int} NOT NULL,
	recipient    {int} NOT NULL,
	purpose      {int} NOT NULL,
	state        {int} NOT NULL,
	via          {int} NOT NULL,
	made_at      {int} NOT NULL,
	day          {int} NOT NULL,
	due_at       {int},
	tries        {int} NOT NULL,
	last_at      {int},
	outcome      {int} NOT NULL,
	status       {int} NOT NULL,
	lease        {bytes},
	disclosures  {bytes},
	content      {bytes}
);
CREATE UNIQUE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_subject ON outbox (subject, no);
CREATE INDEX outbox_due ON outbox (via, recipient, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_ended ON outbox (state) WHERE state > 3;
CREATE INDEX outbox_day ON outbox (day) WHERE content IS NOT NULL;

-- --- retention ----------------------------------------------------------------------------------

-- One row, no 1: a moment at which the wall clock was believed (vault/clock.h).  boot_us: time since the
-- machine started; boot: which start that was.
CREATE TABLE clock_mark (
	no       {id},
	wall_at  {int} NOT NULL,
	boot_us  {int} NOT NULL,
	boot     {bytes} NOT NULL
);

-- What has an end of its own is cleared in steps, oldest first.
CREATE INDEX contact_at ON contact (purpose, at);
CREATE INDEX budget_hour ON budget (hour);

-- --- negative facts -----------------------------------------------------------------------------

-- What was taken away, until it stands in the second place (store/facts.h).  sealed: under the
-- ledger's key; no subject in clear.
CREATE TABLE fact (
	no      {id},
	sealed  {bytes} NOT NULL
);

-- One row: which ledger is this vault's, and up to where it is known to be written.  hash is of the
-- part that begins at at_byte and ends with fact no.  The floors are set by a restore: numbers below
-- them may have been used before it.
CREATE TABLE fact_head (
	id             {id},
	ledger         {bytes} NOT NULL,
	no             {int} NOT NULL,
	hash           {bytes} NOT NULL,
	at_byte        {int} NOT NULL,
	subject_floor  {int} NOT NULL,
	entry_floor    {int} NOT NULL
);
