/* The other language of `godwit symbolize`: addresses in, functions and lines out (report_format.h, "Addresses"). */
#ifndef GW_CLI_ADDRESSES_H
#define GW_CLI_ADDRESSES_H

/* Answers blocks of questions on standard input until it ends. */
void addresses_serve(void);

#endif
