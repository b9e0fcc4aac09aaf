# Reference values for tests/analysis, made with R's survival package. R is not needed to run the tests:
# they read reference.json, which also holds the inputs. To make it again, from the repository's root:
#   Rscript tests/analysis/reference/make_reference.R > tests/analysis/reference/reference.json
suppressPackageStartupMessages(library(survival))

# A small JSON writer, so that nothing beyond base R and survival is needed. NA and infinities become null.
json <- function(x) {
  if (is.list(x)) {
    inner <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[", paste(inner, collapse = ", "), "]"))
    return(paste0("{", paste0("\"", names(x), "\": ", inner, collapse = ",\n "), "}"))
  }
  one <- function(v) {
    if (is.character(v)) return(paste0("\"", v, "\""))
    if (is.na(v) || is.infinite(v)) return("null")
    format(v, digits = 16)
  }
  values <- vapply(as.list(x), one, "")
  if (length(x) == 1 && is.null(attr(x, "vector"))) return(values)
  paste0("[", paste(values, collapse = ", "), "]")
}
many <- function(x) structure(unname(x), vector = TRUE)

# ---- data sets: time, event, group (0 or 1), entry (NULL where nobody enters late), stratum
ok <- complete.cases(lung[, c("time", "status", "sex", "ph.ecog")])
colon_death <- subset(colon, etype == 2 & rx != "Lev")
sets <- list(
  lung = list(time = lung$time[ok], event = lung$status[ok] - 1, group = lung$sex[ok] - 1,
              stratum = lung$ph.ecog[ok]),
  veteran = list(time = veteran$time, event = veteran$status, group = veteran$trt - 1,
                 stratum = as.integer(veteran$celltype)),
  ovarian = list(time = ovarian$futime, event = ovarian$fustat, group = ovarian$rx - 1,
                 stratum = ovarian$ecog.ps),
  colon = list(time = colon_death$time, event = colon_death$status, group = as.integer(colon_death$rx != "Obs"),
               stratum = colon_death$extent),
  # S(t) is 0.5 exactly between 4 and 7 in both groups' union: R prints the midpoint of the step
  plateau = list(time = c(1, 2, 3, 4, 7, 8, 9, 10), event = c(1, 1, 1, 1, 1, 1, 1, 0),
                 group = c(0, 1, 0, 1, 0, 1, 0, 1), stratum = c(1, 1, 1, 1, 2, 2, 2, 2)),
  # S(t) ends at 0.5 exactly
  plateau_last = list(time = c(1, 2, 5, 6), event = c(1, 1, 0, 0), group = c(0, 1, 0, 1), stratum = c(1, 1, 2, 2)),
  ties = list(time = c(2, 2, 2, 3, 3, 5, 5, 5, 5, 8, 8, 9, 9, 9, 12, 12), event = c(1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1),
              group = c(0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1), stratum = rep(c(1, 2), 8)),
  day_zero = list(time = c(0, 0, 1, 4, 4, 6, 10, 11), event = c(1, 0, 1, 1, 0, 1, 1, 0), group = c(0, 1, 0, 1, 0, 1, 0, 1),
                  stratum = rep(1, 8)),
  # every third patient comes under observation late; some entries fall on the day of another's event
  entry = list(time = lung$time[ok], event = lung$status[ok] - 1, group = lung$sex[ok] - 1, stratum = lung$ph.ecog[ok],
               entry = ifelse(seq_len(sum(ok)) %% 3 == 0, floor(lung$time[ok] * 0.4), 0)),
  entry_ties = list(time = c(3, 4, 5, 5, 6, 7, 8, 8, 9, 10), event = c(1, 1, 1, 0, 1, 1, 1, 0, 1, 0),
                    group = c(0, 1, 0, 1, 0, 1, 0, 1, 0, 1), stratum = rep(1, 10), entry = c(0, 0, 0, 3, 4, 5, 0, 5, 6, 0))
)

response <- function(d) {
  if (is.null(d$entry)) return(Surv(d$time, d$event))
  Surv(ifelse(d$entry > 0, d$entry, -1), d$time, d$event)  # -1: observed from the start on
}

km <- function(y, at) {
  fit <- survfit(y ~ 1, conf.type = "log-log")
  tab <- summary(fit)$table
  s <- summary(fit, times = at)
  list(n = fit$n, events = unname(tab["events"]), median = unname(tab["median"]),
       low = unname(tab["0.95LCL"]), high = unname(tab["0.95UCL"]),
       times = many(s$time), survival = many(s$surv), lower = many(s$lower), upper = many(s$upper), at_risk = many(s$n.risk))
}

# survRM2's formula (Uno et al.): area under the curve up to tau and its Greenwood-type variance
rmst <- function(y, tau) {
  fit <- survfit(y ~ 1)
  keep <- fit$time <= tau
  times <- sort(c(fit$time[keep], tau))
  s <- fit$surv[keep]
  areas <- diff(c(0, times)) * c(1, s)
  d <- fit$n.event[keep]; r <- fit$n.risk[keep]
  w <- ifelse(r - d == 0, 0, d / (r * (r - d)))
  w <- c(w, 0)
  list(tau = tau, rmst = sum(areas), se = sqrt(sum(cumsum(rev(areas[-1]))^2 * rev(w)[-1])))
}

# survdiff takes no delayed entry: observed minus expected in the other group, hypergeometric variance
logrank_entry <- function(d) {
  o <- e <- v <- 0
  for (t in unique(d$time[d$event == 1])) {
    risk <- d$time >= t & (d$entry < t | d$entry == 0)
    dead <- d$time == t & d$event == 1
    n <- sum(risk); n1 <- sum(risk & d$group == 1); m <- sum(dead & risk)
    o <- o + sum(dead & d$group == 1); e <- e + m * n1 / n
    if (n > 1) v <- v + m * (n1 / n) * (1 - n1 / n) * (n - m) / (n - 1)
  }
  list(chi_square = (o - e)^2 / v, p = pchisq((o - e)^2 / v, 1, lower.tail = FALSE))
}

one_set <- function(d) {
  y <- response(d)
  at <- unique(quantile(d$time[d$event == 1], c(.1, .25, .5, .75, .9), type = 1))
  out <- list(time = many(d$time), event = many(d$event), group = many(d$group), stratum = many(d$stratum))
  if (!is.null(d$entry)) out$entry <- many(d$entry)
  out$km <- km(y, at)
  out$km_by_group <- list(km(y[d$group == 0], at), km(y[d$group == 1], at))
  if (is.null(d$entry)) {
    reverse <- survfit(Surv(d$time, 1 - d$event) ~ 1, conf.type = "log-log")
    tab <- summary(reverse)$table
    out$follow_up <- list(median = unname(tab["median"]), low = unname(tab["0.95LCL"]), high = unname(tab["0.95UCL"]))
    tau <- min(max(d$time[d$group == 0]), max(d$time[d$group == 1]))
    a <- rmst(y[d$group == 0], tau); b <- rmst(y[d$group == 1], tau)
    diff <- b$rmst - a$rmst; se <- sqrt(a$se^2 + b$se^2)
    out$rmst <- list(reference = a, other = b, difference = diff, low = diff - qnorm(.975) * se, high = diff + qnorm(.975) * se,
                     p = 2 * pnorm(-abs(diff) / se))
    lr <- survdiff(y ~ d$group)
    st <- survdiff(y ~ d$group + strata(d$stratum))
    out$logrank <- list(chi_square = lr$chisq, p = pchisq(lr$chisq, 1, lower.tail = FALSE))
    out$logrank_stratified <- list(chi_square = st$chisq, p = pchisq(st$chisq, 1, lower.tail = FALSE))
  } else {
    out$logrank <- logrank_entry(d)
  }
  fit <- coxph(y ~ group, data = d, ties = "efron", control = coxph.control(eps = 1e-11, toler.chol = 1e-12, iter.max = 50))
  s <- summary(fit)
  out$cox <- list(hr = unname(s$conf.int[1, 1]), low = unname(s$conf.int[1, 3]), high = unname(s$conf.int[1, 4]),
                  p = unname(s$coefficients[1, 5]))
  z <- cox.zph(fit, transform = "km")
  out$zph <- list(chi_square = unname(z$table["group", "chisq"]), p = unname(z$table["group", "p"]))
  out
}

# ---- proportions
wilson <- function(x, n, z = qnorm(.975)) {
  p <- x / n
  centre <- (p + z^2 / (2 * n)) / (1 + z^2 / n)
  half <- z * sqrt(p * (1 - p) / n + z^2 / (4 * n^2)) / (1 + z^2 / n)
  c(centre - half, centre + half)
}
newcombe <- function(x1, n1, x0, n0) {  # Newcombe 1998, method 10: p1 - p0 from the two Wilson intervals
  p1 <- x1 / n1; p0 <- x0 / n0; w1 <- wilson(x1, n1); w0 <- wilson(x0, n0); d <- p1 - p0
  list(x1 = x1, n1 = n1, x0 = x0, n0 = n0, difference = d, low = d - sqrt((p1 - w1[1])^2 + (w0[2] - p0)^2),
       high = d + sqrt((w1[2] - p1)^2 + (p0 - w0[1])^2), fisher_p = fisher.test(matrix(c(x1, n1 - x1, x0, n0 - x0), 2))$p.value)
}
clopper <- function(x, n) { b <- binom.test(x, n); list(x = x, n = n, low = b$conf.int[1], high = b$conf.int[2]) }

cat(json(list(
  made_by = "tests/analysis/reference/make_reference.R", r_version = R.version.string,
  survival_version = as.character(packageVersion("survival")),
  sets = lapply(sets, one_set),
  clopper_pearson = list(clopper(16, 29), clopper(9, 18), clopper(0, 19), clopper(19, 19), clopper(1, 48)),
  newcombe = list(newcombe(16, 29, 9, 18), newcombe(0, 19, 5, 29), newcombe(19, 19, 10, 29), newcombe(56, 70, 48, 80))
)), "\n")
