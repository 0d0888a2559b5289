/* Says where it runs and with what, and ends with the status it is asked for:
 *
 *     hello [--status N] [--echo] [ARG...]
 *
 * With --echo it copies standard input to standard output first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int echo(void)
{
    char buffer[4096];
    ssize_t count;
    while ((count = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
        if (write(STDOUT_FILENO, buffer, (size_t)count) != count)
            return 1;
    return count < 0;
}

int main(int argc, char **argv)
{
    char host[256] = "";
    const char *greeting = getenv("GREETING");
    int status = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--status") == 0 && i + 1 < argc)
            status = atoi(argv[i + 1]);
        if (strcmp(argv[i], "--echo") == 0 && echo() != 0)
            return 1;
    }
    gethostname(host, sizeof host - 1);
    printf("%s from %s\n", greeting ? greeting : "hello", host);
    for (int i = 1; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    if (fflush(stdout) != 0)
        return 1;
    fprintf(stderr, "hello: ending with status %d\n", status);
    return status;
}
