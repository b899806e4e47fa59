/* Reads XML property lists with expat.
 *
 * A document type may declare entities that expand without end or name files, so every declared entity is refused. The
 * rules of property lists, such as a key before each value, are checked here and not with a document type, so that
 * mistakes have a place. The first mistake ends the reading, as with plutil(1). */
#include "read/launchd/internal.h"

#include <expat.h>

struct xml_parse {
	struct pool *pool;
	struct diags *diags;
	const struct source_file *source;
	XML_Parser parser;
	bool stopped;                   /* for a mistake, which is reported */
	size_t count;                   /* elements made so far: a small file may nest a huge tree */
	struct plist *holders[PLIST_DEPTH + 1];         /* open elements; the first is <plist>, which is NULL */
	size_t depth;                   /* elements that are open */
	struct plist *root;
	struct plist *scalar;           /* the element whose text is being read; NULL: none */
	bool reads_key;                 /* the text of a key is being read */
	const char *key;                /* of the next value; in the pool; NULL: none was read */
	struct origin key_at;
	struct buf text;
};

static struct origin current_place(const struct xml_parse *parse)
{
	XML_Index index = XML_GetCurrentByteIndex(parse->parser);

	return source_origin(parse->source, index < 0 ? 0 : (size_t)index);
}

static void stop(struct xml_parse *parse)
{
	parse->stopped = true;
	XML_StopParser(parse->parser, XML_FALSE);
}

#define refuse(parse, at, ...) (diag_error((parse)->diags, at, __VA_ARGS__), stop(parse))
#define refuse_here(parse, ...) refuse(parse, current_place(parse), __VA_ARGS__)

/* Adds the element at the end of its holder; NULL: <plist>. */
static void place_value(struct xml_parse *parse, struct plist *list, struct plist *element)
{
	if (!list) {
		parse->root = element;
		return;
	}
	if (list->kind == PLIST_DICT && plist_get(list, parse->key)) {
		refuse(parse, parse->key_at, "%s occurs twice in one dictionary", parse->key);
		return;
	}
	element->key = parse->key;
	element->key_at = parse->key_at;
	parse->key = NULL;
	if (list->last)
		list->last->next = element;
	else
		list->first = element;
	list->last = element;
}

static void start_value(struct xml_parse *parse, struct plist *holder, const char *name)
{
	static const struct {
		const char *name;
		enum plist_kind kind;
	} kinds[] = {
		{ "dict", PLIST_DICT },       { "array", PLIST_ARRAY }, { "string", PLIST_STRING },
		{ "integer", PLIST_INTEGER }, { "real", PLIST_REAL },   { "true", PLIST_BOOL },
		{ "false", PLIST_BOOL },      { "date", PLIST_DATE },   { "data", PLIST_DATA },
	};
	struct plist *element;
	size_t n = 0;

	while (n < sizeof(kinds) / sizeof(*kinds) && strcmp(kinds[n].name, name) != 0)
		n++;
	if (n == sizeof(kinds) / sizeof(*kinds)) {
		refuse_here(parse, "<%.40s>: property lists have no such element", name);
	} else if (!holder && parse->root) {
		refuse_here(parse, "<%s>: a property list has one value", name);
	} else if (holder && holder->kind == PLIST_DICT && !parse->key) {
		refuse_here(parse, "<%s>: in a <dict>, a <key> must precede each value", name);
	} else if (parse->count++ == PLIST_MOST) {
		refuse_here(parse, "more than %d elements: this is no job's property list", PLIST_MOST);
	} else if (parse->depth > PLIST_DEPTH) {
		refuse_here(parse, "elements are nested more than %d deep", PLIST_DEPTH);
	} else {
		element = pool_alloc(parse->pool, sizeof(*element));
		*element = (struct plist){ .kind = kinds[n].kind, .at = current_place(parse), .text = "" };
		element->number = !strcmp(name, "true");
		place_value(parse, holder, element);
		if (element->kind == PLIST_DICT || element->kind == PLIST_ARRAY)
			parse->holders[parse->depth++] = element;
		else
			parse->scalar = element;
	}
}

static void XMLCALL on_start_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_parse *parse = context;
	struct plist *holder = parse->depth ? parse->holders[parse->depth - 1] : NULL;

	(void)attributes;
	if (parse->stopped)
		return;
	if (parse->reads_key || parse->scalar) {
		refuse_here(parse, "<%.40s>: only text is allowed here", name);
	} else if (!parse->depth && !strcmp(name, "plist")) {
		parse->depth = 1;
	} else if (!parse->depth) {
		refuse_here(parse, "this is no property list: its first element is <%.40s>, not <plist>", name);
	} else if (strcmp(name, "key") != 0) {
		start_value(parse, holder, name);
	} else if (!holder || holder->kind != PLIST_DICT) {
		refuse_here(parse, "<key>: a <key> belongs in a <dict>");
	} else if (parse->key) {
		refuse(parse, parse->key_at, "%s has no value", parse->key);
	} else {
		parse->reads_key = true;
		parse->key_at = current_place(parse);
	}
}

/* 0660 is decimal in a property list. Returns NULL, or the message about a wrong text. */
static const char *scan_integer(const char *text, int64_t *number)
{
	const char *digits = text + (*text == '-' || *text == '+');
	char *end;

	errno = 0;
	*number = strtoll(text, &end, digits[0] == '0' && (digits[1] | ' ') == 'x' ? 16 : 10);
	if (end == text || *end)
		return "an integer is a decimal number, or a hexadecimal one after 0x";
	return errno ? "an integer is at most 9223372036854775807" : NULL;
}

static void end_scalar(struct xml_parse *parse)
{
	static const char blanks[] = " \t\r\n";
	struct plist *scalar = parse->scalar;
	const char *text = buf_string(&parse->text), *wrong = NULL;
	size_t length = parse->text.length;

	parse->scalar = NULL;
	if (scalar->kind != PLIST_STRING) {
		text += strspn(text, blanks);
		length = strlen(text);
		while (length && strchr(blanks, text[length - 1]))
			length--;
	}
	scalar->text = pool_text_n(parse->pool, text, length);
	if (scalar->kind == PLIST_INTEGER)
		wrong = scan_integer(scalar->text, &scalar->number);
	else if (scalar->kind == PLIST_BOOL && *scalar->text)
		wrong = "<true/> and <false/> are empty";
	if (wrong)
		refuse(parse, scalar->at, "'%s': %s", scalar->text, wrong);
	else if (scalar->kind == PLIST_INTEGER)
		scalar->text = pool_textf(parse->pool, "%" PRId64, scalar->number);
}

static void XMLCALL on_end_element(void *context, const XML_Char *name)
{
	struct xml_parse *parse = context;

	(void)name;
	if (parse->stopped)
		return;
	if (parse->scalar) {
		end_scalar(parse);
	} else if (parse->reads_key) {
		parse->key = pool_text_n(parse->pool, buf_string(&parse->text), parse->text.length);
		parse->reads_key = false;
	} else if (parse->key) {
		refuse(parse, parse->key_at, "%s has no value", parse->key);
	} else {
		parse->depth--;
	}
	buf_clear(&parse->text);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int length)
{
	struct xml_parse *parse = context;

	if (parse->stopped || !parse->depth)
		return;
	if (parse->scalar || parse->reads_key) {
		buf_add(&parse->text, text, (size_t)length);
		return;
	}
	for (; length && strchr(" \t\r\n", *text); text++)
		length--;
	if (length)
		refuse_here(parse, "there is text between elements: '%.*s'", length < 40 ? length : 40, text);
}

static void XMLCALL on_entity(void *context, const XML_Char *name, int is_parameter, const XML_Char *value, int length,
			      const XML_Char *base, const XML_Char *system, const XML_Char *public_name,
			      const XML_Char *notation)
{
	struct xml_parse *parse = context;

	(void)is_parameter, (void)value, (void)length, (void)base, (void)system, (void)public_name, (void)notation;
	if (!parse->stopped)
		refuse_here(parse, "the entity %.40s is declared: superd supports no entities", name);
}

static void XMLCALL on_skipped(void *context, const XML_Char *name, int is_parameter)
{
	struct xml_parse *parse = context;

	(void)is_parameter;
	if (!parse->stopped)
		refuse_here(parse, "&%.40s; is unknown: XML has lt, gt, amp, apos and quot", name);
}

const struct plist *plist_read_xml(struct pool *pool, const struct source_file *source, struct diags *diags)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	struct xml_parse parse = { .pool = pool, .diags = diags, .source = source, .parser = parser };
	bool whole;

	if (!parser)
		return memory_ran_out();
	XML_SetUserData(parser, &parse);
	XML_SetElementHandler(parser, on_start_element, on_end_element);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetEntityDeclHandler(parser, on_entity);
	XML_SetSkippedEntityHandler(parser, on_skipped);
	whole = XML_Parse(parser, source->text, (int)source->length, XML_TRUE) == XML_STATUS_OK;
	if (!whole && XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY)
		memory_ran_out();
	if (!whole && !parse.stopped)
		refuse_here(&parse, "this is no well-formed XML: %s", XML_ErrorString(XML_GetErrorCode(parser)));
	XML_ParserFree(parser);
	buf_free(&parse.text);
	if (!parse.stopped && !parse.root)
		diag_error(diags, ((struct origin){ .file = source->file }), "the property list is empty");
	return parse.stopped ? NULL : parse.root;
}
