#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal terminal_of(int fd)
{
    struct terminal terminal = {.fd = fd, .is_terminal = isatty(fd) == 1};
    terminal.columns = terminal.is_terminal ? TERMINAL_COLUMNS_DEFAULT : TERMINAL_COLUMNS_FILE;
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR"); // no-color.org: present and not empty
    bool is_refused = no_color != NULL && no_color[0] != '\0';
    bool is_dumb = term == NULL || strcmp(term, "dumb") == 0;
    terminal.colour = terminal.is_terminal && !is_refused && !is_dumb;
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        terminal.columns = size.ws_col;
    }
    return terminal;
}

bool terminal_can_ask(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

bool terminal_ask(const char *question)
{
    (void)fprintf(stderr, "%s [y/N] ", question); // unseen, the answer will be no
    char answer[16] = "";
    if (fgets(answer, sizeof(answer), stdin) == NULL) {
        return false;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}
