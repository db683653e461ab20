-- Messages to persons, until they are sent and for a while after (message/message.h).

-- Like the outbox it outlives the person and stands apart.  kind, state, why: message/message.h; rank: what
-- goes first.  content: sealed under the outbox key of `day`, until it is done or that key is destroyed; NULL
-- then.  subject 0: nobody who is held.  digest: of the address, as in suppression; domain: of its domain,
-- keyed.  due_at: the next try; NULL: nothing is to be done.  until_at: not sent after it.  lease: whose try it
-- is.  status: of SMTP, 0 without.
CREATE TABLE message (
	no        {id},
	id        {bytes} NOT NULL,
	kind      {int} NOT NULL,
	class     {int} NOT NULL,
	subject   {int} NOT NULL,
	purpose   {int} NOT NULL,
	rank      {int} NOT NULL,
	state     {int} NOT NULL,
	why       {int} NOT NULL,
	status    {int} NOT NULL,
	made_at   {int} NOT NULL,
	day       {int} NOT NULL,
	until_at  {int} NOT NULL,
	due_at    {int},
	tries     {int} NOT NULL,
	last_at   {int},
	digest    {bytes} NOT NULL,
	domain    {int} NOT NULL,
	lease     {bytes},
	content   {bytes}
);
CREATE UNIQUE INDEX message_id ON message (id);
CREATE INDEX message_subject ON message (subject, no);
CREATE INDEX message_due ON message (rank, due_at, no) WHERE due_at IS NOT NULL;
CREATE INDEX message_ended ON message (state) WHERE state > 1 AND state <> 3;
CREATE INDEX message_until ON message (until_at) WHERE content IS NOT NULL;
CREATE INDEX message_day ON message (day);

-- Addresses that mail came back from without saying that they are gone for good (message/returned.h).  No subject.
CREATE TABLE bounce (
	digest    {bytes} PRIMARY KEY,
	count     {int} NOT NULL,
	first_at  {int} NOT NULL,
	last_at   {int} NOT NULL
) {clustered};
CREATE INDEX bounce_last ON bounce (last_at);
