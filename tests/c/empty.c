/* The smallest program: shows whether a compiler option works. */
int main(void) {
    return 0;
}
