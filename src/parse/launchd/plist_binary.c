/* Binary property lists, "bplist00": objects, a table of their offsets, and a trailer with the widths of the
 * numbers.
 *
 * Every number in the file may be wrong. Each offset and length is checked against the size of the file before it is
 * used. The limits of the tree bound the elements of an object, and an object that contains itself ends at the limit of
 * depth. */
#include "parse/launchd/plist_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEADER 8
#define TRAILER 32

struct binary {
	struct plist_builder *builder;
	const unsigned char *bytes;
	size_t end; /* of the objects, where the table of offsets begins */
	size_t offset_width, reference_width;
	uint64_t count; /* of objects */
	size_t depth;
	size_t text_left; /* bytes of strings that may still be read, because many elements may share one long string */
};

/* The head of an object. */
struct object {
	size_t at, body; /* its first byte, and the first behind its head */
	unsigned type;	 /* the upper four bits */
	uint64_t length; /* the lower four bits, or the integer object behind the head */
};

bool plist_is_binary(const struct source_file *source)
{
	return source->length >= HEADER && !memcmp(source->text, "bplist", 6);
}

/* Big-endian, of at most 8 bytes. */
static uint64_t number_at(const struct binary *binary, size_t at, size_t width)
{
	uint64_t number = 0;

	while (width--)
		number = number << 8 | binary->bytes[at++];
	return number;
}

static struct origin place_at(const struct binary *binary, size_t at)
{
	return (struct origin){ .file = binary->builder->source->file, .line = (unsigned)at };
}

static bool refuse_at(const struct binary *binary, size_t at, const char *wrong)
{
	diag_error(binary->builder->diags, place_at(binary, at), "this binary property list is broken: at byte %zu %s",
		   at, wrong);
	return false;
}

/* Whether count numbers of this width fit between `at` and the end of the objects. */
static bool fits_in_file(const struct binary *binary, size_t at, uint64_t count, size_t width)
{
	return at <= binary->end && count <= (binary->end - at) / width;
}

/* Reads the length of an object. One that does not fit into four bits is an integer object behind the head. */
static bool read_length(struct binary *binary, struct object *object)
{
	unsigned marker;
	size_t width;

	if (object->length != 15)
		return true;
	if (!fits_in_file(binary, object->body, 1, 1))
		return refuse_at(binary, object->at, "an object has no length");
	marker = binary->bytes[object->body];
	width = (size_t)1 << (marker & 3);
	if (marker >> 4 != 1 || (marker & 15) > 3 || !fits_in_file(binary, object->body + 1, width, 1))
		return refuse_at(binary, object->at, "an object has no length");
	object->length = number_at(binary, object->body + 1, width);
	object->body += 1 + width;
	return true;
}

static bool find_object(struct binary *binary, uint64_t reference, struct object *object)
{
	uint64_t at;

	if (reference >= binary->count)
		return refuse_at(binary, binary->end, "an object is named that is not there");
	at = number_at(binary, binary->end + (size_t)reference * binary->offset_width, binary->offset_width);
	if (at < HEADER || at >= binary->end)
		return refuse_at(binary, binary->end, "a reference leads outside of the objects");
	*object = (struct object){
		.at = (size_t)at,
		.body = (size_t)at + 1,
		.type = binary->bytes[at] >> 4,
		.length = binary->bytes[at] & 15,
	};
	return object->type < 4 || read_length(binary, object);
}

static bool is_within(uint32_t unit, uint32_t first)
{
	return unit >= first && unit < first + 0x400;
}

/* Adds UTF-16 text. false: it has an unpaired surrogate. */
static bool add_utf16(struct binary *binary, const struct object *object, struct buf *out)
{
	for (uint64_t n = 0; n < object->length; n++) {
		uint32_t unit = (uint32_t)number_at(binary, object->body + (size_t)n * 2, 2), low = 0;

		if (is_within(unit, 0xd800)) {
			low = ++n < object->length ? (uint32_t)number_at(binary, object->body + (size_t)n * 2, 2) : 0;
			if (!is_within(low, 0xdc00))
				return false;
			unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		} else if (is_within(unit, 0xdc00)) {
			return false;
		}
		buf_utf8(out, unit);
	}
	return true;
}

/* Whether a text has only characters that XML allows. */
static bool has_xml_characters(const struct buf *text)
{
	for (size_t n = 0; n < text->length; n++) {
		unsigned char c = (unsigned char)text->data[n];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			return false;
	}
	return true;
}

static bool is_ascii(const struct binary *binary, const struct object *object)
{
	for (uint64_t n = 0; n < object->length; n++) {
		if (binary->bytes[object->body + (size_t)n] > 0x7f)
			return false;
	}
	return true;
}

/* The text of a string object; NULL: it is wrong (reported). */
static const char *read_string(struct binary *binary, const struct object *object)
{
	size_t width = object->type == 6 ? 2 : 1;
	struct buf text = { 0 };
	const char *kept = NULL;
	bool good;

	if (!fits_in_file(binary, object->body, object->length, width)) {
		refuse_at(binary, object->at, "a string extends beyond the end");
		return NULL;
	}
	if ((size_t)object->length * width > binary->text_left) {
		refuse_at(binary, object->at, "a long string is named too often");
		return NULL;
	}
	binary->text_left -= (size_t)object->length * width;
	good = object->type == 6 ? add_utf16(binary, object, &text) : is_ascii(binary, object);
	if (object->type == 5 && good)
		buf_add(&text, binary->bytes + object->body, (size_t)object->length);
	if (!good || !has_xml_characters(&text))
		refuse_at(binary, object->at, "a string has characters that are none");
	else if (text.failed || !(kept = pool_text(binary->builder->pool, buf_string(&text))))
		plist_refuse_memory(binary->builder);
	buf_free(&text);
	return kept;
}

static bool read_integer(struct binary *binary, const struct object *object, struct plist *element)
{
	size_t width = (size_t)1 << object->length;
	uint64_t number;
	char text[32];

	if (width > 16 || !fits_in_file(binary, object->body, width, 1))
		return refuse_at(binary, object->at, "an integer is too wide");
	number = number_at(binary, object->body + (width > 8 ? 8 : 0), width > 8 ? 8 : width);
	if (width > 8 && (number > INT64_MAX || number_at(binary, object->body, 8)))
		return refuse_at(binary, object->at, "an integer is too large");
	element->number = (int64_t)number;
	snprintf(text, sizeof(text), "%" PRId64, element->number);
	element->text = pool_text(binary->builder->pool, text);
	if (element->text)
		return true;
	element->text = "";
	plist_refuse_memory(binary->builder);
	return false;
}

static struct plist *read_object(struct binary *binary, uint64_t reference);

static uint64_t reference_at(const struct binary *binary, const struct object *object, uint64_t number)
{
	return number_at(binary, object->body + (size_t)number * binary->reference_width, binary->reference_width);
}

static const char *read_key(struct binary *binary, uint64_t reference, struct origin *at)
{
	struct object object;

	if (!find_object(binary, reference, &object))
		return NULL;
	*at = place_at(binary, object.at);
	if (object.type == 5 || object.type == 6)
		return read_string(binary, &object);
	refuse_at(binary, object.at, "a dictionary's key is no string");
	return NULL;
}

/* Reads the elements of a dictionary, whose keys stand before its values, or of an array, which has no keys. */
static bool read_children(struct binary *binary, const struct object *object, struct plist *holder)
{
	bool is_dict = holder->kind == PLIST_DICT;

	if (!fits_in_file(binary, object->body, object->length, binary->reference_width * (is_dict ? 2 : 1)))
		return refuse_at(binary, object->at, "a dictionary or an array extends beyond the end");
	for (uint64_t n = 0; n < object->length; n++) {
		struct origin key_at = { 0 };
		const char *key = NULL;
		struct plist *element;

		if (is_dict) {
			key = read_key(binary, reference_at(binary, object, n), &key_at);
			if (!key)
				return false;
		}
		element = read_object(binary, reference_at(binary, object, n + (is_dict ? object->length : 0)));
		if (!element)
			return false;
		element->key = key;
		element->key_at = key_at;
		plist_add(binary->builder, holder, element);
	}
	return true;
}

static bool read_holder(struct binary *binary, const struct object *object, struct plist *holder)
{
	bool good;

	if (binary->depth == PLIST_DEPTH)
		return refuse_at(binary, object->at, "objects are nested too deeply");
	binary->depth++;
	good = read_children(binary, object, holder);
	binary->depth--;
	return good;
}

/* 0: there is no such type. */
static unsigned object_kind(const struct object *object)
{
	static const unsigned kinds[16] = {
		[1] = PLIST_INTEGER, [2] = PLIST_REAL,	 [3] = PLIST_DATE,   [4] = PLIST_DATA,
		[5] = PLIST_STRING,  [6] = PLIST_STRING, [10] = PLIST_ARRAY, [13] = PLIST_DICT,
	};

	if (object->type == 0 && (object->length == 8 || object->length == 9))
		return PLIST_BOOL;
	return kinds[object->type];
}

static bool fill_element(struct binary *binary, const struct object *object, struct plist *element)
{
	switch (element->kind) {
	case PLIST_STRING:
		element->text = read_string(binary, object);
		if (!element->text)
			element->text = "";
		return *element->text || !object->length;
	case PLIST_INTEGER:
		return read_integer(binary, object, element);
	case PLIST_BOOL:
		element->number = object->length == 9;
		return true;
	case PLIST_DICT:
	case PLIST_ARRAY:
		return read_holder(binary, object, element);
	default:
		return true;
	}
}

static struct plist *read_object(struct binary *binary, uint64_t reference)
{
	struct plist *element;
	struct object object;
	unsigned kind;

	if (!find_object(binary, reference, &object))
		return NULL;
	kind = object_kind(&object);
	if (!kind) {
		refuse_at(binary, object.at, "there is an object of a type that property lists do not have");
		return NULL;
	}
	element = plist_new(binary->builder, (enum plist_kind)kind, place_at(binary, object.at));
	return element && fill_element(binary, &object, element) ? element : NULL;
}

/* Reads the last 32 bytes: six without meaning here, the two widths, and three numbers of eight bytes. */
static bool read_trailer(struct binary *binary, uint64_t *top)
{
	size_t length = binary->builder->source->length, at = length - TRAILER;
	uint64_t table = number_at(binary, at + 24, 8);

	binary->offset_width = binary->bytes[at + 6];
	binary->reference_width = binary->bytes[at + 7];
	binary->count = number_at(binary, at + 8, 8);
	*top = number_at(binary, at + 16, 8);
	binary->end = at;
	if (!binary->offset_width || binary->offset_width > 8 || !binary->reference_width ||
	    binary->reference_width > 8)
		return refuse_at(binary, at, "the trailer has numbers of no width");
	if (table < HEADER || table > at || binary->count > (at - table) / binary->offset_width)
		return refuse_at(binary, at, "the offset table of the trailer is impossible");
	binary->end = (size_t)table;
	return true;
}

const struct plist *plist_read_binary(struct plist_builder *builder)
{
	const struct source_file *source = builder->source;
	struct binary binary = {
		.builder = builder, .bytes = (const unsigned char *)source->text, .text_left = SOURCE_MOST,
	};
	uint64_t top;

	if (memcmp(source->text + 6, "0", 1) != 0) {
		diag_error(builder->diags, ((struct origin){ .file = source->file }),
			   "a binary property list of version %.2s: superd knows 00", source->text + 6);
		return NULL;
	}
	if (source->length < HEADER + TRAILER) {
		refuse_at(&binary, source->length, "it ends before its trailer");
		return NULL;
	}
	return read_trailer(&binary, &top) ? read_object(&binary, top) : NULL;
}
