// KVMap by the rows of contract 2.6, and a store of the program's own behind the paths.
#include "KVMap.h"
#include "TDBStore.h"
#include "check.hpp"
#include "device.hpp"
#include "kvstore_global_api.h"

using mbed::KVMap;
using mbed::KVStore;
using mbed::kvstore_config_t;

namespace {

char buffer[128], text[128];
size_t actual;
kv_info_t details;
kv_iterator_t it;

// A store of the program's own, which knows no flash: up to four values in RAM. Its iterators are
// what the program likes them to be; keys it takes as they come.
class RamStore : public KVStore {
public:
    RamStore() : deinits(0), set_handle(NULL), _streamed(NULL) { reset(); }
    virtual int init() { return 0; }
    virtual int deinit() {
        deinits++;
        return 0;
    }
    virtual int reset() {
        memset(_entries, 0, sizeof _entries);
        return 0;
    }
    virtual int set(const char *key, const void *value, size_t size, uint32_t flags) {
        last_flags = flags;
        entry *const place = find(key) != NULL ? find(key) : find("");
        if (place == NULL || size > sizeof place->value) {
            return MBED_ERROR_MEDIA_FULL;
        }
        strncpy(place->key, key, sizeof place->key - 1);
        memcpy(place->value, value, size);
        place->size = size;
        return 0;
    }
    virtual int get(const char *key, void *value, size_t room, size_t *size, size_t offset) {
        const entry *const found = find(key);
        if (found == NULL) {
            return MBED_ERROR_ITEM_NOT_FOUND;
        }
        const size_t rest = found->size - offset;
        *size = rest < room ? rest : room;
        memcpy(value, found->value + offset, *size);
        return 0;
    }
    virtual int get_info(const char *key, info_t *result) {
        const entry *const found = find(key);
        if (found == NULL) {
            return MBED_ERROR_ITEM_NOT_FOUND;
        }
        result->size = found->size;
        result->flags = 77;
        return 0;
    }
    virtual int remove(const char *key) {
        entry *const found = find(key);
        if (found == NULL) {
            return MBED_ERROR_ITEM_NOT_FOUND;
        }
        memset(found, 0, sizeof *found);
        return 0;
    }
    virtual int set_start(set_handle_t *handle, const char *key, size_t size, uint32_t flags) {
        const int status = set(key, "", 0, flags);
        _streamed = find(key);
        _wanted = size;
        *handle = set_handle = reinterpret_cast<set_handle_t>(this);
        return status;
    }
    virtual int set_add_data(set_handle_t handle, const void *data, size_t size) {
        if (handle != set_handle || _streamed == NULL) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        memcpy(_streamed->value + _streamed->size, data, size);
        _streamed->size += size;
        return 0;
    }
    virtual int set_finalize(set_handle_t handle) {
        const bool is_whole = handle == set_handle && _streamed != NULL;
        _streamed = NULL;
        return is_whole ? 0 : static_cast<int>(MBED_ERROR_INVALID_ARGUMENT);
    }
    virtual int iterator_open(iterator_t *opened, const char *prefix) {
        is_prefix_null = prefix == NULL;
        _at = 0;
        *opened = reinterpret_cast<iterator_t>(this);
        return 0;
    }
    virtual int iterator_next(iterator_t, char *key, size_t room) {
        for (; _at < 4; _at++) {
            if (_entries[_at].key[0] == '\0') {
                continue;
            }
            if (strlen(_entries[_at].key) >= room) {
                return MBED_ERROR_INVALID_SIZE;
            }
            strcpy(key, _entries[_at++].key);
            return 0;
        }
        return MBED_ERROR_ITEM_NOT_FOUND;
    }
    virtual int iterator_close(iterator_t) { return 0; }

    int deinits;
    uint32_t last_flags;
    bool is_prefix_null;
    set_handle_t set_handle;

private:
    struct entry {
        char key[16];
        unsigned char value[32];
        size_t size;
    };
    entry *find(const char *key) {
        for (int i = 0; i < 4; i++) {
            if (strcmp(_entries[i].key, key) == 0) {
                return &_entries[i];
            }
        }
        return NULL;
    }
    entry _entries[4];
    entry *_streamed;
    size_t _wanted;
    int _at;
};

kvstore_config_t config_of(KVStore *store) {
    kvstore_config_t config = kvstore_config_t();
    config.kvstore_main_instance = store;
    config.flags_mask = 0xFFFFFFFFu;
    return config;
}

KVMap &map() { return KVMap::get_instance(); }

} // namespace

// Before all others: nothing was initialised yet, and nothing is made by itself once something is
// attached.
TEST(map_not_initialised) {
    RamStore store;
    kvstore_config_t config = config_of(&store);
    KVStore *found;
    EXPECT(NOT_READY, map().attach("kv", &config));
    EXPECT(NOT_READY, map().detach("kv"));
    EXPECT(NOT_READY, map().deinit());
    EXPECT(NOT_READY, map().lookup("/kv/key", &found, &actual));
    IS(map().get_main_kv_instance("/kv/") == NULL);
    OK(map().init());
    OK(map().init());
    EXPECT(NOT_FOUND, map().detach("kv"));
}

TEST(map_own_store_through_the_global_api) {
    RamStore store;
    kvstore_config_t config = config_of(&store);
    OK(map().attach("own", &config));
    OK(kv_set("/own/key", "value", 6, 1 | 2 | 8 | 1024));
    IS(store.last_flags == (1 | 2 | 8 | 1024));
    config.flags_mask = 1;
    OK(kv_set("other", "data", 5, 1 | 2 | 8));
    IS(store.last_flags == 1);
    OK(kv_get("/own/key", buffer, sizeof buffer, &actual));
    IS(actual == 6 && check::same(buffer, "value"));
    OK(kv_get("/own/key", buffer, 3, NULL));
    OK(kv_get_at("/own/key", buffer, 3, &actual, 2));
    IS(actual == 3 && memcmp(buffer, "lue", 3) == 0);
    OK(kv_get_info("/own/key", &details));
    IS(details.size == 6 && details.flags == 77);
    EXPECT(INVALID_ARGUMENT, kv_get_info("/own/key", NULL));
    OK(kv_exists("/own/key"));
    EXPECT(NOT_FOUND, kv_exists("/own/nothing"));
    // Which keys it takes is its own affair; NULL never comes to it.
    OK(kv_set("/own/a/b c", "slash", 6, 0));
    OK(kv_remove("/own/a/b c"));
    EXPECT(INVALID_ARGUMENT, kv_set(NULL, "data", 5, 0));
    EXPECT(INVALID_ARGUMENT, kv_remove(NULL));

    int count = 0;
    OK(kv_iterator_open(&it, "/own/"));
    IS(!store.is_prefix_null);
    EXPECT(INVALID_SIZE, kv_iterator_next(it, text, 0));
    EXPECT(INVALID_SIZE, kv_iterator_next(it, text, 6));
    while (kv_iterator_next(it, text, sizeof text) == MBED_SUCCESS) {
        IS(check::same(text, "/own/key") || check::same(text, "/own/other"));
        count++;
    }
    IS(count == 2);
    OK(kv_iterator_close(it));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(it));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, text, sizeof text));
    OK(kv_iterator_open(&it, NULL));
    IS(store.is_prefix_null);
    OK(kv_reset("/own/"));
    EXPECT(NOT_FOUND, kv_iterator_next(it, text, sizeof text));
    OK(map().detach("own"));
    // Detached: its iterators are refused, and it was deinitialised.
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, text, sizeof text));
    IS(store.deinits == 1);
    EXPECT(NOT_READY, kv_set("/own/key", "value", 6, 0));
}

TEST(map_own_store_in_pieces) {
    RamStore store;
    kvstore_config_t config = config_of(&store);
    kv_set_handle_t handle, second;
    OK(map().attach("own", &config));
    OK(kv_set_start(&handle, "/own/key", 6, 0));
    OK(kv_set_add_data(handle, "abc", 3));
    OK(kv_set_add_data(handle, "def", 3));
    OK(kv_set_finalize(handle));
    EXPECT(INVALID_ARGUMENT, kv_set_finalize(handle));
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(handle, "x", 1));
    OK(kv_get("/own/key", buffer, sizeof buffer, &actual));
    IS(actual == 6 && memcmp(buffer, "abcdef", 6) == 0);
    OK(kv_set_start(&handle, "/own/key", 6, 0));
    OK(kv_set_start(&second, "/own/key2", 6, 0));
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(handle, "x", 1));
    // mbed::KVStore has no function that drops a value.
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_set_abort(second));
    OK(kv_set_finalize(second));
    OK(map().detach("own"));
}

TEST(map_attach_and_detach) {
    RamStore a, b, c, d, inner, outer;
    kvstore_config_t config_a = config_of(&a), config_b = config_of(&b), config_c = config_of(&c);
    kvstore_config_t config_d = config_of(&d);
    config_b.internal_store = &inner;
    config_b.external_store = &outer;
    OK(map().attach("first", &config_a));
    OK(map().attach("second", &config_b));
    EXPECT(MBED_ERROR_ALREADY_IN_USE, map().attach("first", &config_d));
    EXPECT(INVALID_ARGUMENT, map().attach("a/b", &config_d));
    EXPECT(INVALID_ARGUMENT, map().attach("", &config_d));
    EXPECT(INVALID_ARGUMENT, map().attach(NULL, &config_d));
    EXPECT(INVALID_ARGUMENT, map().attach("third", NULL));
    EXPECT(INVALID_ARGUMENT, map().attach("a name of more than thirty-one bytes", &config_d));
    // The name is copied.
    char name[] = "third";
    OK(map().attach(name, &config_c));
    name[0] = 'T';
    EXPECT(MBED_ERROR_OUT_OF_MEMORY, map().attach("fourth", &config_d));
    OK(kv_set("/third/key", "c", 2, 0));
    OK(kv_set("key", "a", 2, 0));
    OK(kv_get("/first/key", buffer, sizeof buffer, NULL));
    // The default partition is the first that is left.
    OK(map().detach("first"));
    IS(a.deinits == 1);
    EXPECT(NOT_FOUND, kv_get("key", buffer, sizeof buffer, NULL));
    EXPECT(NOT_FOUND, kv_get("/first/key", buffer, sizeof buffer, NULL));
    OK(map().attach("first", &config_a));
    OK(kv_set("key", "b", 2, 0));
    OK(kv_get("/second/key", buffer, sizeof buffer, NULL));
    EXPECT(NOT_FOUND, map().detach("nothing"));
    EXPECT(NOT_FOUND, map().detach(NULL));
    OK(map().deinit());
    IS(b.deinits == 1 && inner.deinits == 1 && outer.deinits == 1 && c.deinits == 1);
    // Initialised still, and empty.
    KVStore *found;
    EXPECT(NOT_READY, kv_get("key", buffer, sizeof buffer, NULL));
    EXPECT(NOT_READY, kv_get("/first/key", buffer, sizeof buffer, NULL));
    EXPECT(NOT_READY, map().lookup("/first/key", &found, &actual));
    OK(map().attach("again", &config_d));
    OK(map().detach("again"));
}

TEST(map_lookup) {
    RamStore a, b;
    Device device(16384, 1, 16, 4096);
    kvstore_config_t config_a = config_of(&a), config_b = config_of(&b);
    KVStore *found = NULL;
    uint32_t mask = 0;
    config_a.flags_mask = 5;
    config_a.internal_store = &b;
    config_a.external_store = &a;
    config_a.internal_bd = &device;
    config_b.external_bd = &device;
    OK(map().attach("kv", &config_a));
    OK(map().attach("kvother", &config_b));
    OK(map().lookup("/kv/key", &found, &actual, &mask));
    IS(found == &a && actual == 4 && mask == 5);
    OK(map().lookup("/kvother/key", &found, &actual));
    IS(found == &b && actual == 9);
    OK(map().lookup("kvo/key", &found, &actual));
    IS(found == &b && actual == 4);
    OK(map().lookup("/k/key", &found, &actual));
    IS(found == &a && actual == 3);
    OK(map().lookup("key", &found, &actual));
    IS(found == &a && actual == 0);
    OK(map().lookup("/key", &found, &actual));
    IS(found == &a && actual == 1);
    OK(map().lookup(NULL, &found, &actual));
    IS(found == &a && actual == 0);
    EXPECT(NOT_FOUND, map().lookup("/nope/key", &found, &actual));
    EXPECT(INVALID_ARGUMENT, map().lookup("key", NULL, &actual));
    EXPECT(INVALID_ARGUMENT, map().lookup("key", &found, NULL));

    IS(map().get_main_kv_instance("/kvother/") == &b);
    // Without a slash behind it, a name is none.
    IS(map().get_main_kv_instance("kvother") == &a && map().get_main_kv_instance("") == &a);
    IS(map().get_main_kv_instance(NULL) == &a && map().get_main_kv_instance("/nope/") == NULL);
    IS(map().get_internal_kv_instance(NULL) == &b && map().get_external_kv_instance("kv") == &a);
    IS(map().get_internal_kv_instance("/kvother/") == NULL);
    IS(map().get_internal_blockdevice_instance("/kv/") == &device);
    IS(map().get_external_blockdevice_instance("/kvother/") == &device);
    IS(map().get_external_blockdevice_instance("/nope/") == NULL);
    IS(map().get_external_filesystem_instance("/kv/") == NULL);
    OK(map().deinit());
}

TEST(map_store_that_was_deinitialised) {
    Device device(16384, 1, 16, 4096);
    mbed::TDBStore store(&device);
    kvstore_config_t config = config_of(&store), empty = config_of(NULL);
    OK(store.init());
    OK(map().attach("kv", &config));
    OK(kv_set("key", "data", 5, 0));
    OK(store.deinit());
    EXPECT(NOT_READY, kv_set("key", "data", 5, 0));
    OK(store.init());
    OK(kv_get("key", buffer, sizeof buffer, NULL));
    OK(map().deinit());
    IS(store.nvkv_store() == NULL);
    // A configuration without a store.
    OK(map().attach("kv", &empty));
    EXPECT(NOT_READY, kv_set("key", "data", 5, 0));
    EXPECT(NOT_READY, kv_get("key", buffer, sizeof buffer, NULL));
    EXPECT(NOT_READY, kv_iterator_open(&it, "/kv/"));
    OK(map().detach("kv"));
}

TEST(map_constants) {
    IS(MAX_ATTACHED_KVS == 3);
    mbed::kv_map_entry_t entry = {NULL, NULL};
    IS(entry.kv_config == NULL);
    static_assert(KVStore::MAX_KEY_SIZE == 128, "Mbed's number");
    static_assert(KVStore::WRITE_ONCE_FLAG == 1 && KVStore::REQUIRE_CONFIDENTIALITY_FLAG == 2 &&
                      KVStore::RESERVED_FLAG == 4 && KVStore::REQUIRE_REPLAY_PROTECTION_FLAG == 8,
                  "Mbed's numbers");
}
