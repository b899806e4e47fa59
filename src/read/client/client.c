/* Asks superd-read.
 *
 * What it writes is what root will run, so the checks here are no wall against a superd-read that lies: they keep
 * superd whole. A line that is not as it must be ends the reading with an error. */
#include "read/client/client.h"

#define PROGRAM "superd-read"
#define ANSWER_MOST (1u << 28)          /* bytes of all that superd takes for one table */
#define TEXT_MOST (64u << 20)           /* bytes of a service that fills a file of SOURCE_MOST, as text */
#define BATCH (64u << 10)               /* bytes that it takes at once */

struct reader_client {
	struct reading *reading;
	struct import *imports;         /* of the reading; superd-read is asked for those that wait */
	size_t count;
	size_t begun;                   /* it reads this one */
	pid_t pid;                      /* of superd-read */
	int channel;
	FILE *answer;
	size_t taken;                   /* bytes received so far */
	char *line;                     /* owned; of getline(3) */
	size_t line_size;
	struct buf text;                /* services that superd has not read yet */
	struct buf *failure;            /* why its answer is not taken */
};

/* What cannot be sent shows in the answer. */
static void send_request(struct reader_client *client)
{
	struct read_request request = *client->reading->request;
	const char **sources = calloc(client->count, sizeof(*sources));
	struct buf line = { 0 };
	const char *at, *end;
	ssize_t sent = 0;

	request.from = calloc(client->count, sizeof(*request.from));
	request.sources = sources;
	request.count = client->count;
	for (size_t n = 0; n < client->count && sources && request.from; n++) {
		sources[n] = client->imports[n].waits ? client->imports[n].source : NULL;
		request.from[n] = client->imports[n].from;
	}
	if (sources && request.from)
		request_write(&line, request);
	at = line.failed ? "" : buf_string(&line);
	for (end = at + strlen(at); at < end && (sent >= 0 || errno == EINTR); at += sent > 0 ? sent : 0)
		sent = send(client->channel, at, (size_t)(end - at), MSG_NOSIGNAL);
	shutdown(client->channel, SHUT_WR);
	free(request.from);
	free(sources);
	buf_free(&line);
}

/* The channel has a time limit, so each SIGSTOP and SIGCONT interrupts what waits for it (signal(7)). */
static ssize_t read_answer(void *with, char *to, size_t size)
{
	struct reader_client *client = with;
	ssize_t got;

	do
		got = read(client->channel, to, size);
	while (got < 0 && errno == EINTR);
	client->taken += got > 0 ? (size_t)got : 0;
	if (client->taken <= ANSWER_MOST)
		return got;
	errno = EFBIG;
	return -1;
}

/* Receives a line, without its newline. false: errno; 0: superd-read has closed the channel. */
static bool next_line(struct reader_client *client)
{
	ssize_t length = getline(&client->line, &client->line_size, client->answer);

	if (length < 0 && !feof(client->answer))
		return false;
	errno = 0;
	if (length >= 0 && client->text.length + (size_t)length > TEXT_MOST) {
		errno = EFBIG;
	} else if (length >= 0 && client->line[length - 1] == '\n') {
		client->line[--length] = '\0';
		if (strlen(client->line) == (size_t)length)
			return true;
		errno = EBADMSG;
	}
	return false;
}

/* The services that follow are of another import. */
static bool take_source(struct reader_client *client, size_t number)
{
	char waits[WAIT_NOTE_MOST];

	if (number < client->begun || number > client->count ||
	    (number < client->count && !client->imports[number].waits))
		return false;
	client->begun = number;
	wait_note(NULL, NULL);
	if (number < client->count) {
		snprintf(waits, sizeof(waits), "%.200s (read by " PROGRAM ", pid %ld)", client->imports[number].path,
			 (long)client->pid);
		wait_note("the file", waits);
	}
	return true;
}

static bool take_record(struct reader_client *client, const struct read_record *record)
{
	struct reading *reading = client->reading;
	const struct read_request *request = reading->request;
	struct diags *diags = reading->diags;
	struct skipped *entry;

	switch (record->kind) {
	case RECORD_SOURCE:
		return take_source(client, record->number);
	case RECORD_OWN:
		if (client->begun < client->count)
			client->imports[client->begun].is_own = true;
		return client->begun < client->count;
	case RECORD_READ:
		if (record->at.file && record->text && request->on_source)
			request->on_source(request->context, record->at.file, record->text, record->number);
		return record->at.file && record->text;
	case RECORD_DIAG:
		if (!record->text || record->number > SEVERITY_ERROR)
			return false;
		diags_add(diags, (enum severity)record->number, record->at, "%s", record->text);
		if (record->hint)
			diags_hint(diags, "%s", record->hint);
		if (record->flag)
			diags_tie(diags);
		return true;
	case RECORD_SKIPPED:
		entry = table_skip(reading->table, record->at, record->text);
		if (entry) {
			entry->is_doubtful = record->flag;
			entry->is_part = record->other;
		}
		return entry;
	case RECORD_ROLE:
		return record->number < ROLES &&
		       table_add_role(reading->table, (struct source_role){ record->number, record->at, record->text });
	case RECORD_END:
		diags->errors += record->number;
		diags->dropped_errors += record->number;
		return client->begun == client->count;
	default:
		return false;
	}
}

/* Takes the services that have come. */
static bool take_services(struct reader_client *client)
{
	struct buf *text = &client->text;
	bool good = !text->failed &&
		    (!text->length || superd_read_services(client->reading, text->data, text->length));

	buf_clear(text);
	return good;
}

/* Takes lines up to the last record. false: superd-read has failed, for the reason in errno if there is none yet. */
static bool take_answer(struct reader_client *client)
{
	struct buf *text = &client->text;
	struct read_record record = { 0 };
	bool good = true;

	while (good && next_line(client)) {
		if (!record_begins(client->line)) {
			buf_addf(text, "%s\n", client->line);
			if (text->length > BATCH && !strcmp(client->line, "}"))
				good = take_services(client);
			continue;
		}
		good = take_services(client) && read_record_parse(client->line, &record) &&
		       take_record(client, &record);
		if (good && record.kind == RECORD_END)
			return true;
	}
	errno = good ? errno : EBADMSG;
	return false;
}

/* Reports the imports that are not read. error: errno; 0 and that of a closed channel: superd-read has gone. */
static void fail(struct reader_client *client, int error)
{
	const struct read_request *request = client->reading->request;
	struct diags *diags = client->reading->diags;
	struct buf *why = client->failure;

	if (why->length)
		;                               /* it is known */
	else if (!error || error == ECONNRESET)
		request->describe_end(request->start_context, why);
	else if (error == EAGAIN)
		buf_text(why, PROGRAM " does not answer");
	else if (error == EBADMSG)
		buf_text(why, "the answer of " PROGRAM " is wrong");
	else
		buf_addf(why, "cannot ask " PROGRAM ": %s", strerror(error));
	if (client->begun == client->count)
		diag_error(diags, ((struct origin){ 0 }), "%s", buf_string(why));
	for (size_t n = 0; n < client->count; n++) {
		struct import *import = &client->imports[n];
		struct origin at = import->from.file ? import->from : (struct origin){ .file = import->path };

		import->is_own = false;
		if (n >= client->begun && import->waits)
			diag_error(diags, at, "cannot read %s: %s", import->path, buf_string(why));
	}
}

static bool ask(struct reader_client *client)
{
	bool good;

	take_source(client, client->begun);
	send_request(client);
	good = take_answer(client);
	wait_note(NULL, NULL);
	return good;
}

void ask_imports(struct reading *reading)
{
	const struct read_request *request = reading->request;
	struct buf failure = { 0 };
	struct reader_client client = {
		.reading = reading, .imports = reading->imports, .count = reading->import_count, .channel = -1,
		.failure = &failure,
	};
	bool good;

	while (client.begun < client.count && !client.imports[client.begun].waits)
		client.begun++;
	if (client.begun < client.count && request && request->start) {
		good = request->start(request->start_context, &client.channel, &client.pid, &failure) &&
			(client.answer = fopencookie(&client, "r", (cookie_io_functions_t){ .read = read_answer })) &&
			ask(&client);
		if (!good)
			fail(&client, errno);
	}
	if (client.answer)
		fclose(client.answer);
	fd_close(&client.channel);
	free(client.line);
	buf_free(&client.text);
	buf_free(&failure);
}
