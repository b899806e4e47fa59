/* Sentences with members of superd's answer in them:
 *
 *	{member}        its text, its number without a fraction, or its list: "a, b"; {member.inner}: of an object in it
 *	{member:span}   a number in a unit: span age lapse clock time bytes (superctl/human_units), or ago: "5 s ago (16:20:11)"
 *	{member: word}  "1 word", "3 words"
 *	{member:words}  its list with blanks: "a b"
 *	{?member}       nothing; so if the member is true, a number above 0, or a text, list or object with something in it
 *	{!member}       nothing; so if it is not
 *	{#member}       nothing; so if it is a number
 *	{member=value}  nothing; so if it is this text or number
 *	[...|...]       the first part that is so: in which none of these is missing; or nothing
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "lib/buf.h"

/* Adds the sentence. false: a member outside brackets is missing. */
bool sentence_add(struct buf *out, const json_t *object, const char *sentence);

double sentence_now(const json_t *service);                     /* Unix time of a service's line; 0: unknown */
void sentence_add_lapse(struct buf *out, double seconds);       /* "230 ms", "5 s": for how long something lasts */
void sentence_add_ago(struct buf *out, double now, double at);   /* "5 s ago (16:20:11)"; now 0: the time alone */
