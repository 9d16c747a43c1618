// How many TCP segments with data came over a socket. Linux only knows; not for other folders.
#pragma once

#include <stdint.h>

// segments_received is 0 when the kernel does not tell.
uint32_t segments_received(int fd);
