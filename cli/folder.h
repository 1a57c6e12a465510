/* A temporary folder. */
#ifndef GW_CLI_FOLDER_H
#define GW_CLI_FOLDER_H

/* Makes one under $TMPDIR; NULL after a complaint in the name of `command`.  Owned by the caller. */
char *folder_make(const char *command);
/* Removes it with all that's in it. */
void folder_remove(const char *dir);

#endif
