/* spent.h - sockets that were used, and are closed when the job at hand is answered.
 *
 * The kernel closes one of netfilter only when what former transactions replaced is freed, and a
 * packet socket only when no processor may still look at it: 10 to 15 ms each, and a port is half a
 * dozen transactions. Closed together they wait once, and nobody waits for them. One that is kept
 * keeps its namespace: no longer than a job. */
#pragma once

struct mnl_socket;
struct nft_ctx;

/* Each takes over what it is given. */
void spent_context(struct nft_ctx *context);
void spent_socket(struct mnl_socket *socket);
void spent_descriptor(int fd);

/* Ends all of them, and gives what they held back to the machine. */
void spent_end(void);
