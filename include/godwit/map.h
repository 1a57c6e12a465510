/* A map for many goroutines, from C strings to pointers, with the calls of Go's sync.Map.
 *
 * Keys are copied, values borrowed.  NULL stands for "no value": storing it is a panic.  Nothing here waits for another
 * goroutine longer than one of these calls takes; no lock is held while a function of the user's runs.  The store of a
 * value happens before each call that returns it.
 *
 * Readers take no lock and write nothing, so any number of them may read the same key. The memory of a deleted key is
 * used again by the map, and given back by gw_map_free.
 *
 * Included by godwit.h.
 */
#ifndef GODWIT_MAP_H
#define GODWIT_MAP_H

struct gw__map_shards;
typedef struct gw_map {
  struct gw__map_shards *gw__shards; /* atomic; made by the first store */
} gw_map;

/* The value of the key, or NULL. */
void *gw_map_load(gw_map *m, const char *key);
/* Sets the value; returns the one that it replaced, or NULL. */
void *gw_map_store(gw_map *m, const char *key, void *value);
/* The value of the key; if there is none, sets it.  *loaded (may be NULL): whether there was one. */
void *gw_map_load_or_store(gw_map *m, const char *key, void *value, bool *loaded);
/* Takes the key out; returns its value, or NULL. */
void *gw_map_delete(gw_map *m, const char *key);
/* Calls f for the keys of the map until it returns false.  f may use the map.  A key that is there all the time comes
 * exactly once, one that comes or goes meanwhile at most once.  `key` is valid during the call. */
void gw_map_range(gw_map *m, bool (*f)(const char *key, void *value, void *arg), void *arg);
/* Gives the map's memory back, keys included; it is empty then, and may be used again.  Nobody may use it meanwhile. */
void gw_map_free(gw_map *m);

#endif
