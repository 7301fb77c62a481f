/* seed.c - pre-seeding of images (seed.h). */
#include "cloud-manager/ops/seed.h"

#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/store/image.h"
#include "cloud-manager/store/node.h"
#include "cloud-manager/store/returned.h"

#include <string.h>

static enum err_code find_zone(struct cloud_op *op, const char *zone, struct cloud_node *out,
                               struct err *err)
{
    size_t len = strlen(op->config->region);
    if (!str_has_prefix(zone, op->config->region) || strlen(zone) != len + 1 ||
        !cloud_node_by_letter(op->store, op->arena, zone + len, out))
        return err_set(err, ERR_INVALID_PARAMETER, "Invalid availability zone: [%.64s]", zone);
    return ERR_OK;
}

/* An admin's machines are filled whoever owns the image. */
static enum err_code find_image(struct cloud_op *op, const char *id, struct cloud_image *out,
                                struct err *err)
{
    if (!id_is(id, "ami"))
        return err_set(err, ERR_IMAGE_MALFORMED, "Invalid id: \"%.64s\" (expecting \"ami-...\")",
                       id);
    if (!cloud_image_get(op->store, op->arena, id, out) || out->is_named == 0)
        return err_set(err, ERR_IMAGE_NOT_FOUND, "The image id '[%s]' does not exist", id);
    return ERR_OK;
}

enum err_code cloud_image_seed(struct cloud_op *op, enum cloud_action_id action, const char *image,
                               const char *zone, struct err *err)
{
    bool is_wanted = action == CLOUD_DO_SEED_IMAGE;
    struct cloud_image row = {0};
    struct cloud_node node = {0};
    if (cloud_authorize(op, action, err) != ERR_OK || find_image(op, image, &row, err) != ERR_OK ||
        find_zone(op, zone, &node, err) != ERR_OK)
        return err->code;
    if (is_wanted && !str_eq(row.state, "available"))
        return err_set(err, ERR_IMAGE_UNAVAILABLE, "The image '%s' is %s, not available", image,
                       row.state);
    cloud_seed_want(op->store, node.name, image, is_wanted);
    log_info(is_wanted ? "image.seed" : "image.unseed", "id", image, "zone", zone, NULL);
    return ERR_OK;
}

enum err_code cloud_seeds_describe(struct cloud_op *op, struct cloud_seeding **out, size_t *len,
                                   struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_IMAGE_SEEDS, err) != ERR_OK)
        return err->code;
    const struct cloud_seed *rows = cloud_seed_list(op->store, op->arena, len);
    *out = arena_alloc(op->arena, (*len + 1) * sizeof **out);
    for (size_t i = 0; i < *len; i++) {
        struct cloud_image image = {.name = ""};
        struct cloud_node node = {.letter = ""};
        cloud_image_get(op->store, op->arena, rows[i].image, &image);
        cloud_node_get(op->store, op->arena, rows[i].node, &node);
        (*out)[i] = (struct cloud_seeding){
            .row = &rows[i], .name = image.name, .zone = cloud_zone_name(op, node.letter)};
    }
    return ERR_OK;
}

void cloud_seed_hear(struct cloud_op *op, const char *node, const struct wire_item *fact)
{
    struct cloud_seed row = {.node = node, .image = fact->id, .generation = fact->generation};
    struct wire_seed_sum said = {.detail = fact->error};
    struct err err = {0};
    if (*fact->gone != '\0')
        return; /* nothing is freed by it */
    if (*fact->error == '\0' && wire_decode(&wire_seed_sum_type, fact->body, strlen(fact->body),
                                            op->arena, &said, &err) != ERR_OK) {
        log_error("seed.fact_malformed", "id", fact->id, "why", err.text, NULL);
        return;
    }
    row.hosts = said.hosts;
    row.whole = said.whole;
    row.detail = said.detail;
    cloud_seed_set_seen(op->store, &row);
}

void cloud_recover_seeds(struct cloud_op *op)
{
    size_t len;
    struct cloud_image image;
    const struct cloud_returned *r = cloud_returned_list(op->store, op->arena, "seed", &len);
    for (size_t i = 0; i < len; i++)
        if (cloud_image_get(op->store, op->arena, r[i].id, &image))
            cloud_seed_recover(op->store, r[i].node, r[i].id, r[i].generation,
                               *r[i].gone == '\0' && image.is_named != 0);
}
