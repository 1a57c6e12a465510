/* Duos: one id for a write and the reads that came after it.
 *
 * Memory that is both written and read would have pages in the write plane and in a read plane.  Where all bytes of a
 * write's entry are read after it, the cell of the write plane may name a *duo* instead: the write's id, the read's id
 * (an epoch's, or a set's, readers.h) and the read's context, if it is no set; the write's context stays where it was.
 * Then the granule has nothing in the read planes.  Whoever goes through an array finds the same in line after line, so
 * one duo serves them all, and no page of a read plane is touched.
 *
 * A duo is its two entries and nothing else: it happens before an access if both do, and where more has to be known it
 * is *parted*, which puts the two into cells of their own (duo_part).  Everybody who judges or displaces an entry of
 * the write plane parts a duo first, but for what is the same for both: a later write of all its bytes, which both
 * happen before, takes its place, and so does the duo of its write and a later read of all its bytes, in which the
 * older read, if it happens before the new one, is dropped (access.c says why it may), or stays as one of a set.
 *
 * Invariants: a duo stands in cells of the write plane only; the granule's cells in the read planes are empty then.  So
 * that no read has to be looked for, they are made in lines only whose meta byte says that there never was one: where
 * there was, the page is there anyway, and a line in which some reads are in cells and some in duos would stay mixed
 * (contexts.h).  What a range reads that its own epoch wrote is recorded as ever, by one thread alone mostly: the first
 * write to a page that others run on too costs an interrupt to each.  A duo never changes until the collector renames
 * its two ids; it frees duos that no cell names.  An id is a duo's if it is DUO_FIRST or higher, so a cell says it by
 * itself.
 *
 * The inline check doesn't find a read that is in a duo, so they are made for ranges, and for single reads beside those
 * only.  Each costs an id, and a single read of what is in one costs a slow path; so they are made by threads only that
 * find what they look for in their memory often enough (as for sets), and single reads use that up.
 *
 * Rejected: a table by contents, so that equal duos are one: each thread's memory finds nearly all.
 */
#ifndef GW_DETECTOR_DUO_H
#define GW_DETECTOR_DUO_H
#include "detector/detector.h"
#include "detector/epoch.h"
#include "detector/shadow.h"

static inline bool cell_is_duo(uint32_t cell) { return cell >= DUO_FIRST << CELL_ID_SHIFT; }

/* What a duo's entry in the table of ids (epoch.h) says, in other words. */
struct duo {
  uint32_t write; /* id */
  uint32_t read;  /* id */
  uint32_t ctx;   /* of the read; 0 if that is a set */
};

/* What a thread lately made of a cell. */
struct duo_answer {
  uint32_t cell;     /* that it found; 0: this is free */
  uint32_t own, ctx; /* its open epoch, and the context of its read */
  uint32_t joined;   /* the cell then */
};

enum {
  DUO_ANSWERS = 256, /* guess */
  DUO_PRICE = 64     /* guess: granules that a thread must have found in its memory for a duo */
};

struct duo_memory {
  struct duo_answer answer[DUO_ANSWERS];
  uint32_t credit;  /* granules for which an answer was found here, less what duos and single reads have cost */
  uint32_t refused; /* duos that it couldn't afford, in a row of REFUSED_MANY (duo.c) */
};

/* A read of all bytes of a cell. */
struct duo_read {
  uint32_t own;      /* g's open id, as a cell without its bytes */
  uint32_t ctx;      /* of the read */
  uint32_t granules; /* for which this is asked */
};

/* Granules that a thread is thought to have found in its memory when it begins; tests make it small. */
extern uint32_t duo_credit_first;

/* The functions below but duo_has: the caller holds the line's lock. */

/* The cell for what `cell` of the write plane, a plain write or a duo, and the new read of its bytes are together;
 * `cell` itself if it has the read already.  0: not to be had, as the write doesn't happen before the read, or the
 * thread has no credit.  The granule's cells in the read planes are empty.  The caller puts it into the cell at once,
 * and `g->recorded` is set then. */
uint32_t duo_join(struct det_thread *t, const struct race_g *g, uint32_t cell, const struct duo_read *read);
/* Has the duo in `cell` the read of all its bytes by the open epoch `own`?  Needs no lock if the cell was loaded once,
 * as a whole, by one who is inside the detector. */
bool duo_has(const struct race_g *g, uint32_t cell, uint32_t own);
/* Reads of so many granules became part of a duo without a question. */
void duo_earned(struct det_thread *t, size_t granules);
/* Could it pay for a duo?  Where it couldn't, even the question to the memory is too much. */
bool duo_pays_anew(struct det_thread *t);
static inline bool duo_pays(struct det_thread *t) {
  return LIKELY(t->duos && t->duos->credit >= DUO_PRICE) || duo_pays_anew(t);
}
/* A single read found that; false if it had better be recorded so that the inline check finds it. */
bool duo_pays_single(struct det_thread *t);
/* Puts the two entries of the granule's cell into cells of their own; the bits that the line's meta byte has then. */
uint32_t duo_part(struct det_thread *t, uintptr_t granule, uint32_t meta);
/* The thread ends. */
void duo_memory_free(struct det_thread *t);

/* For the collector, alone. */

/* Gives the two of each the ids new_id[id]. */
void duos_rename(const uint32_t *new_id);
/* Some cell has it. */
void duo_mark(uint32_t id);
/* Those that weren't marked since the last time are freed; of others both ids are live. */
void duos_sweep(uint8_t *live);
/* The thread's memory means nothing any more. */
void duo_forget(struct det_thread *t);
/* The next collection is due when duos have taken `bytes` more than they have now. */
void duos_set_room(size_t bytes);
bool duos_are_many(void);

#endif
