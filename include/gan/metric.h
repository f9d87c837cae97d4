/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GAN_METRIC_H
#define GAN_METRIC_H

#include <gan/run.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How far generated samples are from real ones, on features of the caller's choice: a network's, a discriminator's own,
 * raw pixels. docs/metrics.md tells what each number means, how many samples it wants and how it is biased. A number is
 * to be compared with numbers of the same metric, features, options and sample counts only; published ones are of other
 * features.
 *
 * Features are float [n, ...], a sample a row: dimensions after the first are taken as one, of d numbers. So pictures
 * [n,H,W,C] are features as they are. n and d are less than 2^31.
 *
 * What holds for every call here. Sums are in double and in the order of the samples; results do not depend on the
 * number of threads, bit for bit. Results are written on success only. Errors: GAN_ERROR_INVALID_ARGUMENT: a NULL, an
 * option out of range, fewer samples than the metric needs. GAN_ERROR_SHAPE: features that are not float [n, ...], or
 * of another d than the others. GAN_ERROR_NUMERIC: a feature is infinite or not a number; the sentence names the row.
 * GAN_ERROR_OUT_OF_MEMORY: the work memory, which goes with the call. Thread-safe, while nobody writes to the features,
 * except where objects are changed. Results are structs with a size, as reports: set it before the call. */

/* Copies an output of the run's last forward pass into rows row .. row + N - 1 of features, float [n, d]: the node's
 * numbers, or their means over all but the last dimension (over the pixels of [N,H,W,C]). Make the node an output of
 * the network (gan_network_output()) before it is built. An inference run computes the same features for a sample
 * whatever else is in its batch, but for rounding, unless layers look at the batch (gan/batch_discrimination.h).
 * Also GAN_ERROR_STATE: no forward pass yet. Values are copied as they are, also where they are not finite. */
typedef struct gan_metric_features_options {
    size_t size;
    bool pool;  /* the means over all but the last dimension */
    int output; /* of the network's outputs; default the first */
} gan_metric_features_options;
GAN_API gan_status gan_metric_features(gan_tensor *features, int64_t row, const gan_run *run,
                                       const gan_metric_features_options *options);

/* Moments: count, mean and covariance of features that come in batches. The same rows in the same order give the same
 * bits, however they are cut into batches. Sums are of differences from the first row, in double.
 * Thread-safety: one thread at a time adds; reading is thread-safe. */
typedef struct gan_moments gan_moments;

/* Makes moments of no rows, with memory for d^2 + 2 d doubles. dims: d. The caller owns the result. */
GAN_API gan_status gan_moments_create(gan_moments **moments, gan_context *context, int64_t dims);

/* Frees the moments and sets *moments to NULL. NULL and a pointer to NULL are fine. */
GAN_API void gan_moments_free(gan_moments **moments);

/* Adds rows. On failure (a row that is not finite, a wrong d) none is added. */
GAN_API gan_status gan_moments_add(gan_moments *moments, const gan_tensor *features);

/* Rows so far, and d; 0 for NULL. */
GAN_API int64_t gan_moments_count(const gan_moments *moments);
GAN_API int64_t gan_moments_dims(const gan_moments *moments);

/* The mean, d doubles, and the covariance, d * d: sum of (x - mean) (x - mean)^T / (n - 1). Either may be NULL. Needs
 * one row for the mean and two for the covariance. */
GAN_API gan_status gan_moments_get(const gan_moments *moments, double *mean, double *covariance);

/* The Fréchet distance between normal distributions of these moments (Fréchet 1957; Dowson and Landau 1982; on features
 * Heusel et al. 2017, the form of the FID):
 *     |m1 - m2|^2 + trace(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2).
 * The last trace is the sum of square roots of the eigenvalues of S C2 S^T, S = the square roots of C1's eigenvalues
 * times its eigenvectors. Eigenvalues up to d * 2^-52 of the largest, which rounding can make of 0, and negative ones
 * count as 0, so that singular covariances are fine; and so does a distance below 0. Needs two rows each, and d of at
 * most 32000; with n <= d covariances are singular and the distance says little. Biased upwards, about as 1/n: compare
 * at equal n. Symmetric in its arguments but for rounding. Its bits also depend on LAPACK, and on that library's own
 * number of threads. The first call loads LAPACK, unless the program is linked with one (docs/dependencies.md).
 * GAN_ERROR_UNSUPPORTED: it cannot be loaded, or a build without, gan_has_feature("lapack"). GAN_ERROR_NUMERIC: LAPACK
 * finds no eigenvalues. */
GAN_API gan_status gan_metric_frechet_distance(double *distance, const gan_moments *a, const gan_moments *b);

/* The kernel distance (Bińkowski et al. 2018, the form of the KID): the unbiased estimate of the squared maximum mean
 * discrepancy (Gretton et al. 2012), with the kernel k(x, y) = (x.y / d + 1)^3, between random subsets of m samples:
 *     1/(m(m-1)) sum of i != j of (k(xi,xj) + k(yi,yj)) - 2/m^2 sum of i, j of k(xi,yj),
 * and the mean over the subsets. It may be below 0. Unbiased whatever n. Subset s is drawn without replacement, by the
 * seed of the real features' context (GAN_STREAM_METRICS). Work: as (samples of all subsets) * m * d. */
typedef struct gan_metric_kernel_options {
    size_t size;
    int64_t subsets;     /* 1..2^20; default 100 */
    int64_t subset_size; /* m, 2..the samples of either; default 1000, or all of the smaller set */
} gan_metric_kernel_options;
typedef struct gan_metric_kernel_result {
    size_t size;
    double distance;
    double deviation; /* between the subsets: square root of the mean squared difference from their mean */
    double error;     /* of the distance: deviation * sqrt(1 / (subsets - 1) + r / (1 - r)), r = m / the samples of the
                         smaller set: subsets of one set have samples in common, and say the less the larger r is. NaN
                         where it cannot be told: one subset, or all samples in each */
} gan_metric_kernel_result;
GAN_API gan_status gan_metric_kernel_distance(gan_metric_kernel_result *result, const gan_tensor *real,
                                              const gan_tensor *generated, const gan_metric_kernel_options *options);

/* Of the two calls below: the ball of a sample reaches to its k-th nearest neighbour of its own set (Euclidean
 * distance), itself not counted and that neighbour included. Each set must have more than k samples. */
typedef struct gan_metric_neighbour_options {
    size_t size;
    int64_t neighbours; /* k, 1..1024; default 3 for precision and recall, 5 for density and coverage, as the papers */
} gan_metric_neighbour_options;

/* Precision and recall (Kynkäänniemi et al. 2019): the part of the generated samples inside the ball of any real one,
 * and the part of the real samples inside the ball of any generated one; 0..1. */
typedef struct gan_metric_precision_result {
    size_t size;
    double precision, recall;
} gan_metric_precision_result;
GAN_API gan_status gan_metric_precision_recall(gan_metric_precision_result *result, const gan_tensor *real,
                                               const gan_tensor *generated,
                                               const gan_metric_neighbour_options *options);

/* Density and coverage (Naeem et al. 2020): 1/k of the mean number of real balls that a generated sample is in, 0 and
 * up, 1 in expectation for equal distributions; and the part of the real samples whose ball has a generated one
 * inside, 0..1. */
typedef struct gan_metric_density_result {
    size_t size;
    double density, coverage;
} gan_metric_density_result;
GAN_API gan_status gan_metric_density_coverage(gan_metric_density_result *result, const gan_tensor *real,
                                               const gan_tensor *generated,
                                               const gan_metric_neighbour_options *options);

/* The sliced Wasserstein distance (Rabin et al. 2011; Bonneel et al. 2015): the samples' projections on random
 * directions, uniform on the sphere, and the Wasserstein distance of each pair of projections, exact also for sets of
 * different sizes: W_p^p = the integral over t of 0..1 of |F^-1(t) - G^-1(t)|^p, F^-1 and G^-1 the quantiles. The
 * result is (the mean of W_p^p over the directions)^(1/p). Biased upwards, falling with n; directions: by
 * GAN_STREAM_METRICS and the real features' context. */
typedef struct gan_metric_wasserstein_options {
    size_t size;
    int64_t projections; /* 1..2^20; default 512 */
    int64_t order;       /* p, 1 or 2; default 2 */
} gan_metric_wasserstein_options;
GAN_API gan_status gan_metric_sliced_wasserstein(double *distance, const gan_tensor *real, const gan_tensor *generated,
                                                 const gan_metric_wasserstein_options *options);

/* What a classifier says of generated samples, in the form of the Inception score (Salimans et al. 2016), in natural
 * logarithms: score = exp(the mean over samples of KL(p(y|x) || p(y))), p(y) = the mean of p(y|x) over the samples. It
 * is 1..classes. outputs: float [n, classes], a classifier's logits, or its probabilities. With splits, the mean of the
 * scores of that many parts of the samples in their order; deviation: between them. Biased: few samples
 * make p(y) uneven and the score low. */
typedef struct gan_metric_entropy_options {
    size_t size;
    bool probabilities; /* outputs are probabilities, at least 0 and with a sum of 1 within 1e-3; default logits */
    int64_t splits;     /* 1..n; default 1 */
} gan_metric_entropy_options;
typedef struct gan_metric_entropy_result {
    size_t size;
    double score, deviation;
    double marginal;    /* the entropy of p(y), of all samples: how many classes; 0..log(classes) */
    double conditional; /* the mean entropy of p(y|x): how unsure; 0..log(classes) */
} gan_metric_entropy_result;
GAN_API gan_status gan_metric_classifier_entropy(gan_metric_entropy_result *result, const gan_tensor *outputs,
                                                 const gan_metric_entropy_options *options);

/* How different the samples of one set are: the mean Euclidean distance over all pairs of two of them. Needs two
 * samples. Unbiased. */
GAN_API gan_status gan_metric_pairwise_distance(double *distance, const gan_tensor *features);

/* How alike pictures are: MS-SSIM (Wang, Simoncelli, Bovik 2003), meant over random pairs of two different ones (Odena
 * et al. 2017); 1 for pictures that are all equal. images: float [n,H,W,C], n at least 2. At each scale, of every
 * channel, with a Gaussian window of deviation 1.5 and 11x11, or as wide as the picture's shorter side and a deviation
 * shrunk as much:
 *     l = (2 mx my + C1) / (mx^2 + my^2 + C1), cs = (2 sxy + C2) / (sx^2 + sy^2 + C2), C1 = (0.01 range)^2, C2 = (0.03
 * range)^2, meant over the places where the window is inside; the next scale is the means of 2x2 pixels, without the
 * last row or column where they are odd. The index is the product of max(0, mean cs)^w of each scale, at the last one
 * max(0, mean l cs)^w; w of scales 1.. is 0.0448, 0.2856, 0.3001, 0.2363, 0.1333, divided by their sum; then the mean
 * over the channels. Pairs: GAN_STREAM_METRICS of the context. */
typedef struct gan_metric_similarity_options {
    size_t size;
    int64_t pairs;  /* 1..2^30; default 1000 */
    int64_t scales; /* 1..5, the last with a pixel at least; default as many as leave the shorter side 4 pixels or more
                       (3 for 16x16), at least 1 */
    float range;    /* between the least and the largest value, above 0; default 2, for -1..1 */
    int reserved;
} gan_metric_similarity_options;
typedef struct gan_metric_similarity_result {
    size_t size;
    double similarity;
    double error; /* deviation between the pairs / sqrt(pairs - 1); NaN for one pair */
} gan_metric_similarity_result;
GAN_API gan_status gan_metric_ms_ssim(gan_metric_similarity_result *result, const gan_tensor *images,
                                      const gan_metric_similarity_options *options);

/* The nearest training samples of each generated one: whether it is a copy. indices: GAN_INT32 [n, k], set to rows of
 * training, the nearest first and the first of equally near ones; distances (may be NULL): float [n, k], Euclidean.
 * k, of the tensors, is 1..1024 and at most the rows of training. A distance is small or large beside those of samples
 * that are real and not of the training set. */
GAN_API gan_status gan_metric_nearest(gan_tensor *indices, gan_tensor *distances, const gan_tensor *generated,
                                      const gan_tensor *training);

/* Of samples whose modes are known, as gan_synthetic_modes() finds them or a classifier: how many modes are there, and
 * how even. modes: GAN_INT32 [n] of 0 .. modes - 1; distances NULL or float [n]: a sample above the limit is of no
 * mode. divergence = KL(p || u) = sum of p log(p K), p the parts of the K modes among the samples counted and u = 1/K;
 * 0..log(K), biased upwards by about (K - 1) / (2 n), for n above K. A perfect generator covers K (1 - (1 - 1/K)^n)
 * modes in the mean. No sample counted: covered 0, divergence NaN. GAN_ERROR_INVALID_ARGUMENT: a mode out of range, the
 * sentence names its place; a limit without distances. */
typedef struct gan_metric_modes_options {
    size_t size;
    int64_t modes; /* K, 1..2^24; default GAN_SYNTHETIC_MODES */
    float limit;   /* the largest distance of a sample of a mode, above 0; default none */
    int reserved;
} gan_metric_modes_options;
typedef struct gan_metric_modes_result {
    size_t size;
    int64_t covered; /* modes with a sample at least */
    int64_t counted; /* samples within the limit */
    double divergence;
} gan_metric_modes_result;
GAN_API gan_status gan_metric_modes(gan_metric_modes_result *result, const gan_tensor *modes,
                                    const gan_tensor *distances, const gan_metric_modes_options *options);

#ifndef __cplusplus
#define gan_metric_features_options(...) \
    (&(gan_metric_features_options){.size = sizeof(gan_metric_features_options), __VA_ARGS__})
#define gan_metric_kernel_options(...) \
    (&(gan_metric_kernel_options){.size = sizeof(gan_metric_kernel_options), __VA_ARGS__})
#define gan_metric_neighbour_options(...) \
    (&(gan_metric_neighbour_options){.size = sizeof(gan_metric_neighbour_options), __VA_ARGS__})
#define gan_metric_wasserstein_options(...) \
    (&(gan_metric_wasserstein_options){.size = sizeof(gan_metric_wasserstein_options), __VA_ARGS__})
#define gan_metric_entropy_options(...) \
    (&(gan_metric_entropy_options){.size = sizeof(gan_metric_entropy_options), __VA_ARGS__})
#define gan_metric_similarity_options(...) \
    (&(gan_metric_similarity_options){.size = sizeof(gan_metric_similarity_options), __VA_ARGS__})
#define gan_metric_modes_options(...) \
    (&(gan_metric_modes_options){.size = sizeof(gan_metric_modes_options), __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
