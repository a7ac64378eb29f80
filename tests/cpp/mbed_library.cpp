// Stands for libmbed.a, which has Mbed's own KVStore in it: strong functions of the same names,
// each of which says that it was called. Compiled with Mbed's headers alone.
#include "kvstore_global_api/KVMap.h"
#include "kvstore_global_api/kvstore_global_api.h"
#include "tdbstore/TDBStore.h"

int mbed_calls;

namespace {

int called() {
    mbed_calls++;
    return 4711;
}

} // namespace

namespace mbed {

TDBStore::TDBStore(BlockDevice *) { called(); }
TDBStore::~TDBStore() { called(); }
int TDBStore::init() { return called(); }
int TDBStore::deinit() { return called(); }
int TDBStore::reset() { return called(); }
int TDBStore::set(const char *, const void *, size_t, uint32_t) { return called(); }
int TDBStore::get(const char *, void *, size_t, size_t *, size_t) { return called(); }
int TDBStore::get_info(const char *, info_t *) { return called(); }
int TDBStore::remove(const char *) { return called(); }
int TDBStore::set_start(set_handle_t *, const char *, size_t, uint32_t) { return called(); }
int TDBStore::set_add_data(set_handle_t, const void *, size_t) { return called(); }
int TDBStore::set_finalize(set_handle_t) { return called(); }
int TDBStore::iterator_open(iterator_t *, const char *) { return called(); }
int TDBStore::iterator_next(iterator_t, char *, size_t) { return called(); }
int TDBStore::iterator_close(iterator_t) { return called(); }
int TDBStore::reserved_data_set(const void *, size_t) { return called(); }
int TDBStore::reserved_data_get(void *, size_t, size_t *) { return called(); }

KVMap &KVMap::get_instance() {
    static KVMap map;
    called();
    return map;
}
int KVMap::init() { return called(); }
int KVMap::attach(const char *, void *) { return called(); }

} // namespace mbed

extern "C" {
int kv_set(const char *, const void *, size_t, uint32_t) { return called(); }
int kv_get(const char *, void *, size_t, size_t *) { return called(); }
int kv_get_info(const char *, kv_info_t *) { return called(); }
int kv_remove(const char *) { return called(); }
int kv_iterator_open(kv_iterator_t *, const char *) { return called(); }
int kv_iterator_next(kv_iterator_t, char *, size_t) { return called(); }
int kv_iterator_close(kv_iterator_t) { return called(); }
int kv_reset(const char *) { return called(); }
__attribute__((weak)) int kv_init_storage_config(void) { return called(); }
}

// What Mbed's own code does: it keeps to the classes that it was compiled with, by their virtual
// functions, and to its own functions by their names.
int library_uses_a_store(mbed::KVStore *store, size_t *keys) {
    char key[64];
    size_t actual;
    mbed::KVStore::info_t info;
    mbed::KVStore::iterator_t it;
    mbed::KVStore::set_handle_t handle;
    int bad = store->init() != 0;
    bad += store->set("library", "data", 5, 0) != 0;
    bad += store->get("library", key, sizeof key, &actual, 1) != 0 || actual != 4;
    bad += store->get_info("library", &info) != 0 || info.size != 5;
    bad += store->set_start(&handle, "pieces", 4, 1) != 0;
    bad += store->set_add_data(handle, "abcd", 4) != 0 || store->set_finalize(handle) != 0;
    bad += store->get_info("pieces", &info) != 0 || info.flags != 1;
    bad += store->iterator_open(&it, NULL) != 0;
    for (*keys = 0; store->iterator_next(it, key, sizeof key) == 0;) {
        ++*keys;
    }
    bad += store->iterator_close(it) != 0 || store->remove("library") != 0;
    bad += store->deinit() != 0 || store->init() != 0 || store->get_info("pieces", &info) != 0;
    bad += store->reset() != 0 || store->get_info("pieces", &info) == 0;
    return bad;
}

int library_uses_a_device(mbed::BlockDevice *bd) {
    return bd->get_type() == NULL || bd->size() == 0 || bd->get_erase_size(0) == 0;
}

int library_calls_its_own_functions() {
    static mbed::TDBStore store(NULL);
    return store.init() == 4711 && kv_set("key", "", 0, 0) == 4711 ? 0 : 1;
}
