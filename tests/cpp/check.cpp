#include "check.hpp"

#include "nvkv.h"

namespace check {
namespace {

test *first;
test **last = &first;
int failures;
const char *running;

} // namespace

test::test(const char *test_name, function test_body)
    : name(test_name), body(test_body), next(NULL) {
    *last = this;
    last = &next;
}

void fail(const char *file, int line, const char *what, long long actual, long long expected) {
    printf("%s:%d: %s: %s is %lld (%s), not %lld (%s)\n", file, line, running, what, actual,
           kv_error_name(static_cast<int>(actual)), expected,
           kv_error_name(static_cast<int>(expected)));
    failures++;
}

int run(const char *word) {
    int count = 0;
    for (const test *each = first; each != NULL; each = each->next) {
        if (strstr(each->name, word) == NULL) {
            continue;
        }
        running = each->name;
        const int before = failures;
        each->body();
        printf("%s %s\n", failures == before ? "ok" : "FAILED", each->name);
        count++;
    }
    printf("%d tests, %d failures\n", count, failures);
    return failures == 0 && count > 0 ? 0 : 1;
}

} // namespace check

int main(int argc, char **argv) {
    return check::run(argc > 1 ? argv[1] : "");
}
