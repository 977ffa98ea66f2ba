/* mix OUT IN...: one small file from the lines of others that are no comments; "-" prints it. The work every tool is given. */
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv) {
  uint64_t hash = 14695981039346656037ull;
  for (int i = 2; i < argc; i++) {
    FILE *in = fopen(argv[i], "rb");
    if (!in) return 1;
    int c, start = 1, comment = 0;
    while ((c = fgetc(in)) != EOF) {
      if (start) comment = c == '#';
      start = c == '\n';
      if (!comment) hash = (hash ^ (uint64_t)c) * 1099511628211ull;
    }
    fclose(in);
  }
  FILE *out = argv[1][0] == '-' && argv[1][1] == 0 ? stdout : fopen(argv[1], "wb");
  if (!out) return 1;
  fprintf(out, "%016llx\n", (unsigned long long)hash);
  return fclose(out) != 0;
}
