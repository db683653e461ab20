-- Rights of the person (Articles 12 to 22), and what outlives a person.  Words as in 0001-vault.sql.

-- --- erasure ------------------------------------------------------------------------------------

-- --- packages -----------------------------------------------------------------------------------

-- --- requests -----------------------------------------------------------------------------------

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
CREATE INDEX outbox_day ON outbox (day) WHERE content IS NOT NULL;

-- --- retention ----------------------------------------------------------------------------------

-- --- negative facts -----------------------------------------------------------------------------
